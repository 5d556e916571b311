# report: a page of pictures, figures and findings, one job per plate; enabled by the
# config's report.enabled. What cannot be drawn is named on the page: the run's outcome is
# complete's business, which comes after.
#
#   input    <results>/{plate}/plate.json
#            <results>/{plate}/done/write_zarr/{batch}.json of all batches
#   params   options   name, output and layout; the whole config, which the page shows
#   output   <results>/{plate}/report.html
#            <results>/{plate}/report/contact_sheet.jpg, quality.csv
rule report:
    input:
        plate="<results>/{plate}/plate.json",
        written=written_batches,
    output:
        page=report(
            "<results>/{plate}/report.html",
            caption="../report/page.rst",
            category="{plate}",
            labels={"what": "report page"},
        ),
        sheet=report(
            "<results>/{plate}/report/contact_sheet.jpg",
            caption="../report/contact_sheet.rst",
            category="{plate}",
            labels={"what": "contact sheet"},
        ),
        figures=report(
            "<results>/{plate}/report/quality.csv",
            caption="../report/figures.rst",
            category="{plate}",
            labels={"what": "quality figures"},
        ),
    log:
        "<results>/{plate}/logs/report.log",
    benchmark:
        "<results>/{plate}/benchmarks/report.tsv"
    conda:
        "../../envs/tiles2zarr.yaml"
    resources:
        mem_mb=2000,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        **PACKAGE,
        extensions=extensions,
        options=options_of("report"),
        step=1,
    script:
        "../../scripts/report.py"
