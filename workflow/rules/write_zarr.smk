# write_zarr: arrays and pyramids of a batch of images, one job per batch.
#
#   input    <results>/{plate}/done/register/{batch}.json
#   params   sources   digest over path, size and time of the batch's source files
#   output   <results>/{plate}/done/write_zarr/{batch}.json
#            undeclared: the images below <output>, written/<image>.json (receipts)
rule write_zarr:
    input:
        registered="<results>/{plate}/done/register/{batch}.json",
    output:
        done="<results>/{plate}/done/write_zarr/{batch}.json",
    log:
        "<results>/{plate}/logs/write_zarr/{batch}.log",
    benchmark:
        "<results>/{plate}/benchmarks/write_zarr/{batch}.tsv"
    conda:
        "../../envs/tiles2zarr.yaml"
    threads: write_threads
    resources:
        mem_mb=memory_of("write_zarr"),
        runtime=runtime_of("write_zarr"),
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("write"),
        sources=sources_of,
        step=1,
    script:
        "../../scripts/write_zarr.py"
