// SharedPage: a few kilobytes that all processes of this machine see at once: a lock, some counters. A small file,
// mapped; or, for a simulated disk, memory of this process alone, found again by the same path.
//
// The content lives as long as the machine runs and survives kill -9 of everybody. After a boot it is zeroed again
// before anybody sees it: nothing durable may depend on it.
#pragma once

#include <memory>
#include <string>

#include "storage/engine.h"

namespace hikyaku::storage {

class SharedPage {
 public:
  virtual ~SharedPage() = default;
  [[nodiscard]] virtual void* data() const = 0;

  // Brings zeroed memory to its first state; called once a boot, while nobody else can see it.
  using Initialize = void (*)(void* data);
  // Maps the file at `path`, made when missing. Waits for another process that initialises it (microseconds).
  static StoreResult<std::shared_ptr<SharedPage>> map_file(const std::string& path, std::size_t octets, Initialize initialize);
  // The same memory for all who ask for `key` while one of them holds it.
  static std::shared_ptr<SharedPage> in_this_process(const std::string& key, std::size_t octets, Initialize initialize);
};

}  // namespace hikyaku::storage
