# build_tables: plate and well metadata, ROI and condition tables, one job per plate.
#
#   input    <results>/{plate}/done/write_zarr/{batch}.json of all batches
#   output   <results>/{plate}/plate.json
#            undeclared: groups and tables below <output>, findings.json,
#            provenance.json
rule build_tables:
    input:
        plan="<results>/{plate}/plan.json",
        written=written_batches,
    output:
        plate="<results>/{plate}/plate.json",
    log:
        "<results>/{plate}/logs/build_tables.log",
    benchmark:
        "<results>/{plate}/benchmarks/build_tables.tsv"
    conda:
        "../../envs/tiles2zarr.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: 2400 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("tables"),
        step=1,
    script:
        "../../scripts/build_tables.py"
