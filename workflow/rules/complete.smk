# complete: the run's exit code. Fails if an image is not written, after taking back the
# outputs of its batch, so that a plain rerun redoes just these images.
#
#   input    <results>/{plate}/plate.json
#            <results>/{plate}/done/write_zarr/{batch}.json of all batches
#   output   <results>/{plate}/done/complete.json
rule complete:
    localrule: True
    input:
        plate="<results>/{plate}/plate.json",
        written=written_batches,
    params:
        **PACKAGE,
        extensions=extensions,
    output:
        done="<results>/{plate}/done/complete.json",
    log:
        "<results>/{plate}/logs/complete.log",
    script:
        "../../scripts/complete.py"
