# register: stage positions to pixel boxes, one job per batch.
#
#   input    <results>/{plate}/batches/{batch}.json   (made by parse_tiles)
#   params   sources   digest over path, size and time of the batch's source files
#            waiting   images left out by `--config only=...`, none in a plain run
#   output   <results>/{plate}/done/register/{batch}.json
#            undeclared: registered/<image>.json
rule register:
    input:
        batch="<results>/{plate}/batches/{batch}.json",
    output:
        done="<results>/{plate}/done/register/{batch}.json",
    log:
        "<results>/{plate}/logs/register/{batch}.log",
    benchmark:
        "<results>/{plate}/benchmarks/register/{batch}.tsv"
    conda:
        "../../envs/tiles2zarr.yaml"
    resources:
        mem_mb=memory_of("register"),
        runtime=runtime_of("register"),
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("register"),
        sources=sources_of,
        waiting=left_out_of,
        step=1,
    script:
        "../../scripts/register.py"
