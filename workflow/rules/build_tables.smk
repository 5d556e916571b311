# build_tables: plate and well metadata, ROI and condition tables, one job per plate.
#
#   input    <results>/{plate}/done/write_zarr/{batch}.json of all batches
#   output   <results>/{plate}/plate.json
#            undeclared: groups and tables below <output>, findings.json
rule build_tables:
    input:
        plan="<results>/{plate}/plan.json",
        written=written_batches,
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("tables"),
        step=1,
    output:
        plate="<results>/{plate}/plate.json",
    log:
        "<results>/{plate}/logs/build_tables.log",
    benchmark:
        "<results>/{plate}/benchmarks/build_tables.tsv"
    resources:
        mem_mb=2000,
    script:
        "../../scripts/build_tables.py"
