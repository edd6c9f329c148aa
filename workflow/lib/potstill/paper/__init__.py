"""The paper's figures and tables: each one function from result files to files."""
