"""One module (or package) for each provider, found by its name: `gmi_cloud` is the provider
"gmi-cloud".

A provider is data (SPEC: models, parameters, rules, limits, prices) and a few functions;
registry.py says which. To add one is to add a module here: the form, the check, the prices, the
pages and the engine read it from SPEC.
"""
