"""What a run came to on one page, on which the report opens."""


localrules:
    results_page,


rule results_page:
    input:
        tested=[file for shown in tested_models() for file in trained(*shown)],
        crystals=[
            f"<results>/tables/table_{number}.csv"
            for number in TABLE_NUMBERS
            if number != "s4"
        ],
        sampled=[f"<results>/sampling/{name}.json" for name in settings.sampling],
        reductions=[
            f"<results>/distillation/{element}/reduction.json"
            for element in settings.distillation
        ],
        figures=[f"<results>/figures/{name}.png" for name in SHOWN_FIGURES],
    output:
        report(
            "<results>/results.html",
            caption="../report/results.rst",
            category="Results",
            labels={"page": "what the run came to"},
        ),
    log:
        "<logs>/paper/results.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=settings.run,
        tested=tested_models(),
        sets=list(settings.sampling),
        elements=list(settings.distillation),
        captions=list(SHOWN_FIGURES.values()),
        version=VERSION["paper"],
    message:
        "results_page: errors, crystals and sampling of the run"
    script:
        "../../scripts/results_page.py"
