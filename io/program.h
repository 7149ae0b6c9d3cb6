// Runs a program and waits for its end: freshclam, clamscan, the command of an alarm. It gets a group of its own, no descriptor of ours, and
// nothing of our environment. Blocks.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"

namespace hikyaku::io {

struct ProgramCall {
  std::vector<std::string> command;      // command[0] is a whole path
  std::string folder;                    // where it runs
  Duration limit{};                      // then it is ended with its group
  std::vector<std::string> environment;  // "NAME=value"
  std::string input = {};                // its standard input; no more than a pipe holds (64 KiB): who does not read it does not want it
  int stop_descriptor = -1;              // readable: it is ended at once; -1: none
};

struct Ran {
  int status = -1;      // its exit status; -1: it did not end by itself, or could not be started
  std::string said;     // standard output and error, the last 16 KiB
  std::string trouble;  // -1: why
};
[[nodiscard]] Ran run_program(ProgramCall call);

}  // namespace hikyaku::io
