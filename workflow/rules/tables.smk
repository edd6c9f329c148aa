"""The paper's tables. Their file names and the models in them are the paper's."""


localrules:
    table_1,
    table_2,
    table_3,
    table_nb,
    table_s4,


rule table_1:
    input:
        unpack(lambda wildcards: crystals("Ni", COMPARED_MODELS)),
    output:
        csv=report(
            "<results>/tables/table_1.csv",
            caption="../report/table_1.rst",
            category="Tables",
            labels={"table": "1", "shows": "crystals of nickel by kind of frames"},
        ),
        markdown="<results>/tables/table_1.md",
        tex="<results>/tables/table_1.tex",
    log:
        "<logs>/paper/table_1.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        models=COMPARED_MODELS,
        printed=1,
        version=VERSION["paper"],
    message:
        "{rule}: relaxed crystals"
    script:
        "../../scripts/crystal_table.py"


use rule table_1 as table_2 with:
    input:
        unpack(lambda wildcards: crystals("Ni", ["Ni-distilled", "Ni-full"])),
    output:
        csv=report(
            "<results>/tables/table_2.csv",
            caption="../report/table_2.rst",
            category="Tables",
            labels={"table": "2", "shows": "distilled against all frames"},
        ),
        markdown="<results>/tables/table_2.md",
        tex="<results>/tables/table_2.tex",
    log:
        "<logs>/paper/table_2.log",
    params:
        models=["Ni-distilled", "Ni-full"],
        printed=2,
        version=VERSION["paper"],


use rule table_1 as table_3 with:
    input:
        unpack(lambda wildcards: crystals("Al", ["Al-translated"])),
    output:
        csv=report(
            "<results>/tables/table_3.csv",
            caption="../report/table_3.rst",
            category="Tables",
            labels={
                "table": "3",
                "shows": "crystals of aluminium from translated frames",
            },
        ),
        markdown="<results>/tables/table_3.md",
        tex="<results>/tables/table_3.tex",
    log:
        "<logs>/paper/table_3.log",
    params:
        models=["Al-translated"],
        printed=None,
        version=VERSION["paper"],


use rule table_1 as table_nb with:
    input:
        unpack(lambda wildcards: crystals("Nb", ["Nb-translated"])),
    output:
        csv=report(
            "<results>/tables/table_nb.csv",
            caption="../report/table_nb.rst",
            category="Tables",
            labels={
                "table": "Nb",
                "shows": "crystals of niobium from translated frames",
            },
        ),
        markdown="<results>/tables/table_nb.md",
        tex="<results>/tables/table_nb.tex",
    log:
        "<logs>/paper/table_nb.log",
    params:
        models=["Nb-translated"],
        printed=None,
        version=VERSION["paper"],


rule table_s4:
    input:
        summaries=[f"<results>/models/{name}/summary.json" for name in settings.models],
    output:
        csv=report(
            "<results>/tables/table_s4.csv",
            caption="../report/table_s4.rst",
            category="Tables",
            labels={"table": "S4", "shows": "self energies"},
        ),
        markdown="<results>/tables/table_s4.md",
        tex="<results>/tables/table_s4.tex",
    log:
        "<logs>/paper/table_s4.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        models=list(settings.models),
        version=VERSION["paper"],
    message:
        "table_s4: self energies"
    script:
        "../../scripts/table_s4.py"


rule tables:
    input:
        expand(
            "<results>/tables/table_{number}.{suffix}",
            number=TABLE_NUMBERS,
            suffix=["csv", "md", "tex"],
        ),
