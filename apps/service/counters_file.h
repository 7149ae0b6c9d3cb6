// CountersFile: writes what this process has counted to a small file every ten seconds, for metrics. A thread of its own:
// it goes on while the service's loops are busy, and stops with the process.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "services/telemetry/log.h"

namespace hikyaku::apps {

class CountersFile {
 public:
  // Writes "<folder>/now"; the folder is made when missing. What cannot be written is left.
  CountersFile(std::string folder, const telemetry::Log& log, const Clock& clock);
  ~CountersFile();
  CountersFile(const CountersFile&) = delete;
  CountersFile& operator=(const CountersFile&) = delete;

 private:
  void run();
  enum class Life : std::uint8_t { Goes, Over };  // over: shown as down at once
  void write(Life life) const;

  const std::string folder_;
  const telemetry::Log& log_;
  const Clock& clock_;
  const WallTime started_;
  std::mutex mutex_;
  std::condition_variable end_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace hikyaku::apps
