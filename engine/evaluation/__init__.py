"""How good a trained model is: what it says of samples whose answers are known, measured.

`samples` collects both, `metrics` and `intervals` measure, `baselines` and `comparison` say what the numbers are worth,
`report` writes it all down.
"""
