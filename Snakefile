# The entry for `snakemake` in the repository; as a module use workflow/Snakefile.
include: "workflow/Snakefile"


workflow.default_target = "all"
