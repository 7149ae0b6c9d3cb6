// Node: the content of one file of the simulated disk, as processes see it and as a power cut would leave it.
// Private to io/simulated_*.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/simulated_disk.h"

namespace hikyaku::io {

struct SimulatedDisk::Node {
  enum class Kind : std::uint8_t { Write, Resize, Discard };
  struct Pending {
    Kind kind;
    std::uint64_t offset = 0;  // for Resize: the new size
    std::string octets;        // for Discard: as many zeros
  };

  bool is_folder = false;
  std::string visible;           // the page cache
  std::string stable;            // the platter
  std::vector<Pending> pending;  // what leads from one to the other, in order
  std::vector<bool> blocks;      // 4 KiB blocks that use space
  const void* locked_by = nullptr;

  static void put(std::string& content, std::uint64_t offset, std::string_view octets) {
    if (octets.empty()) return;
    if (content.size() < offset + octets.size()) content.resize(offset + octets.size());
    content.replace(offset, octets.size(), octets);
  }
  static void perform(std::string& content, const Pending& change) {
    switch (change.kind) {
      case Kind::Write:
        return put(content, change.offset, change.octets);
      case Kind::Resize:
        return content.resize(change.offset);
      case Kind::Discard:
        if (change.offset < content.size())
          put(content, change.offset, std::string_view(change.octets).substr(0, content.size() - change.offset));
    }
  }
};

}  // namespace hikyaku::io
