"""The expectations: suites in the words of a receivables analyst, the checkpoint, the Data Docs.

`checkpoint.validate` is the way in; nothing but the task that validates imports it.
"""
