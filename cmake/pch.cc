// Carries the shared precompiled header; see cmake/flags.cmake.
