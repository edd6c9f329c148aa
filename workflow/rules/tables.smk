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
        csv="<results>/tables/table_1.csv",
        markdown="<results>/tables/table_1.md",
        tex="<results>/tables/table_1.tex",
        page=report(
            "<results>/tables/table_1.html",
            caption="../report/table_1.rst",
            category="Tables",
            labels={"table": "1", "shows": "crystals of nickel by kind of frames"},
        ),
    log:
        "<logs>/paper/table_1.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=TITLES["1"],
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
        csv="<results>/tables/table_2.csv",
        markdown="<results>/tables/table_2.md",
        tex="<results>/tables/table_2.tex",
        page=report(
            "<results>/tables/table_2.html",
            caption="../report/table_2.rst",
            category="Tables",
            labels={"table": "2", "shows": "distilled against all frames"},
        ),
    log:
        "<logs>/paper/table_2.log",
    params:
        title=TITLES["2"],
        models=["Ni-distilled", "Ni-full"],
        printed=2,
        version=VERSION["paper"],


use rule table_1 as table_3 with:
    input:
        unpack(lambda wildcards: crystals("Al", ["Al-translated"])),
    output:
        csv="<results>/tables/table_3.csv",
        markdown="<results>/tables/table_3.md",
        tex="<results>/tables/table_3.tex",
        page=report(
            "<results>/tables/table_3.html",
            caption="../report/table_3.rst",
            category="Tables",
            labels={
                "table": "3",
                "shows": "crystals of aluminium from translated frames",
            },
        ),
    log:
        "<logs>/paper/table_3.log",
    params:
        title=TITLES["3"],
        models=["Al-translated"],
        printed=None,
        version=VERSION["paper"],


use rule table_1 as table_nb with:
    input:
        unpack(lambda wildcards: crystals("Nb", ["Nb-translated"])),
    output:
        csv="<results>/tables/table_nb.csv",
        markdown="<results>/tables/table_nb.md",
        tex="<results>/tables/table_nb.tex",
        page=report(
            "<results>/tables/table_nb.html",
            caption="../report/table_nb.rst",
            category="Tables",
            labels={
                "table": "Nb",
                "shows": "crystals of niobium from translated frames",
            },
        ),
    log:
        "<logs>/paper/table_nb.log",
    params:
        title=TITLES["nb"],
        models=["Nb-translated"],
        printed=None,
        version=VERSION["paper"],


rule table_s4:
    input:
        summaries=[f"<results>/models/{name}/summary.json" for name in settings.models],
    output:
        csv="<results>/tables/table_s4.csv",
        markdown="<results>/tables/table_s4.md",
        tex="<results>/tables/table_s4.tex",
        page=report(
            "<results>/tables/table_s4.html",
            caption="../report/table_s4.rst",
            category="Tables",
            labels={"table": "S4", "shows": "self energies"},
        ),
    log:
        "<logs>/paper/table_s4.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=TITLES["s4"],
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
            suffix=["csv", "md", "tex", "html"],
        ),
