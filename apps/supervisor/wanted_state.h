// Which services were stopped by command: since when, by whom. Durable, so that they stay stopped through a restart of
// the machine. The file is text, one line a service: "deliver 2026-11-22T09:00:00.000000+09:00 root".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "io/disk.h"

namespace hikyaku::apps {

struct StoppedByCommand {
  WallTime since{};
  std::string by;
  friend bool operator==(const StoppedByCommand&, const StoppedByCommand&) = default;
};
using StoppedServices = std::map<std::string, StoppedByCommand, std::less<>>;

// Lines that make no sense are passed over: a damaged line must not stop a service or keep the server from starting.
[[nodiscard]] StoppedServices parse_stopped(std::string_view text);
[[nodiscard]] std::string stopped_text(const StoppedServices& stopped);

// A missing file means that nothing was stopped. Both block on the disk.
[[nodiscard]] io::DiskResult<StoppedServices> load_stopped(io::Disk& disk, const std::string& path);
[[nodiscard]] io::DiskResult<> save_stopped(io::Disk& disk, const std::string& path, const StoppedServices& stopped);

}  // namespace hikyaku::apps
