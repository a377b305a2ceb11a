"""How fast Greenlight is, measured: `make bench`, explained in docs/performance.md."""
