"""The graph of the study: what each asset is made of and how; a module per layer, each a factory over study/*.yaml."""
