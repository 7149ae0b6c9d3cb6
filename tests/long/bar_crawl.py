"""10,000 connections that crawl and 200 that flood: an honest client's p99 within twice that of the quiet windows, memory bounded."""
import _bars

_bars.meets_its_bars("crawl")
