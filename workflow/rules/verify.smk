# verify: whether every image is whole; a target of its own (`snakemake verify`), never
# part of `all`. Runs whenever it is asked for: what stood yesterday may be lost today.
#
#   params   config    the plate's config; its section `verify` says how far to look
#            asked     the time, so that an earlier output never answers
#   input    <results>/{plate}/done/complete.json
#   output   <results>/{plate}/done/verify.json   (only if all is whole)
#            undeclared: manifest.sha256, certificate.json
import time


rule verify:
    input:
        expand("{results}/{plate}/done/verify.json", results=RESULTS, plate=CONFIGS),


rule verify_plate:
    input:
        complete="<results>/{plate}/done/complete.json",
    output:
        done="<results>/{plate}/done/verify.json",
    log:
        "<results>/{plate}/logs/verify.log",
    conda:
        "../../envs/tiles2zarr.yaml"
    threads: 8
    resources:
        mem_mb=4000,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        **PACKAGE,
        extensions=extensions,
        config=lambda wildcards: CONFIGS[wildcards.plate].model_dump(mode="json"),
        asked=lambda wildcards: time.time(),
    script:
        "../../scripts/verify.py"
