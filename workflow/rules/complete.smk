# complete: the run's exit code. Fails if an image is not written, after taking back the
# outputs of its batch, so that a plain rerun redoes just these images.
#
#   input    <results>/{plate}/plate.json
#            <results>/{plate}/report.html, if enabled: it reads what is taken back here
#            <results>/{plate}/done/write_zarr/{batch}.json of all batches
#   params   only      wells or images of `--config only=...`; the others may wait
#   output   <results>/{plate}/done/complete.json
rule complete:
    input:
        plate="<results>/{plate}/plate.json",
        page=pages_of,
        written=written_batches,
    output:
        done="<results>/{plate}/done/complete.json",
    log:
        "<results>/{plate}/logs/complete.log",
    localrule: True
    conda:
        "../../envs/tiles2zarr.yaml"
    params:
        **PACKAGE,
        extensions=extensions,
        only=ONLY,
    script:
        "../../scripts/complete.py"
