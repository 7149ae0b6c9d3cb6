// SeenPage: a page of shared memory, backed by the file run/directory-seen, in which every process that reads the
// directory publishes the version it acts on. So a command knows when its change is in force everywhere.
// It is a report, never the truth: a lost page only makes commands wait for their limit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "io/descriptor.h"
#include "storage/engine.h"

namespace hikyaku::directory {

class SeenPage {
 public:
  static constexpr std::size_t most_readers = 63;
  static constexpr Duration heartbeat_limit = 3s;  // a reader silent for longer is dead

  // Makes the file where it is missing. Null when it can be neither opened nor mapped: `why` says so.
  [[nodiscard]] static std::shared_ptr<SeenPage> open(const std::string& path, std::string& why);
  // Without a file: for tests, and tools that have no data folder.
  [[nodiscard]] static std::shared_ptr<SeenPage> anonymous();
  ~SeenPage();
  SeenPage(const SeenPage&) = delete;
  SeenPage& operator=(const SeenPage&) = delete;

  // A slot of one's own, free again at the end. When all are taken, publishing does nothing.
  class Slot {
   public:
    Slot(std::shared_ptr<SeenPage> page, std::string_view reader_name);
    ~Slot();
    Slot(const Slot&) = delete;
    void publish(storage::Version version);  // also the heartbeat: at least every second

   private:
    std::shared_ptr<SeenPage> page_;
    std::size_t index_;
  };

  // Waits until every living reader has seen `version`. The names of those that have not when `deadline` passes.
  [[nodiscard]] std::vector<std::string> wait_until_seen(storage::Version version, Deadline deadline) const;

 private:
  struct Row;
  SeenPage(void* memory, bool mapped) : memory_(memory), mapped_(mapped) {}
  [[nodiscard]] Row& row(std::size_t index) const;
  void* memory_;
  bool mapped_;
};

// SeenVersion: looks up which version one reader acts on, for a process that may read the page and nothing else: a front keeps
// answers of `auth` only as long as auth acts on the version they were given at, and a command that waited for auth has
// waited for the fronts too.
class SeenVersion {
 public:
  // Neither the page nor the reader need be there yet.
  SeenVersion(std::string path, std::string reader_name) : path_(std::move(path)), name_(std::move(reader_name)) {}
  // Nothing: no living reader of that name, or several that differ (one has just been started again). One system call.
  [[nodiscard]] std::optional<storage::Version> read();

 private:
  std::string path_, name_;
  io::Descriptor file_;
};

}  // namespace hikyaku::directory
