# parse_tiles: one job per plate; reads indexes, tables and folder listings.
#
#   params   options   the config slice that decides images and batches
#            index     digest of index files, tables and names in vendor folders
#   output   <results>/{plate}/plan.json
#            undeclared: tiles/<image>.json, batches/<batch>.json, decisions.json,
#            owner.json
checkpoint parse_tiles:
    output:
        plan="<results>/{plate}/plan.json",
    log:
        "<results>/{plate}/logs/parse_tiles.log",
    benchmark:
        "<results>/{plate}/benchmarks/parse_tiles.tsv"
    conda:
        "../../envs/tiles2zarr.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: 2400 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("parse"),
        index=index_of,
        step=1,
    script:
        "../../scripts/parse_tiles.py"
