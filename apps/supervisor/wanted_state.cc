#include "apps/supervisor/wanted_state.h"

#include "base/cursor.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::apps {

StoppedServices parse_stopped(std::string_view text) {
  StoppedServices stopped;
  Cursor in(text);
  const auto word = [&] { return std::string(in.take_while([](char c) { return c != ' ' && c != '\n'; })); };
  while (!in.at_end()) {
    const std::string service = word();
    in.take(' ');
    const auto since = telemetry::parse_stamp(word());
    in.take(' ');
    const std::string by(in.take_while([](char c) { return c != '\n'; }));
    in.take('\n');
    if (!service.empty() && since) stopped[service] = {*since, by};
  }
  return stopped;
}

std::string stopped_text(const StoppedServices& stopped) {
  std::string text;
  for (const auto& [service, order] : stopped) {
    std::string by = order.by;
    std::replace(by.begin(), by.end(), '\n', ' ');
    text += service + " " + telemetry::stamp_text(order.since) + " " + by + "\n";
  }
  return text;
}

io::DiskResult<StoppedServices> load_stopped(io::Disk& disk, const std::string& path) {
  auto text = io::read_file(disk, path, 1 << 20);
  if (!text && text.error().kind == io::DiskFailure::NotFound) return StoppedServices{};
  if (!text) return failure(std::move(text.error()));
  return parse_stopped(*text);
}

io::DiskResult<> save_stopped(io::Disk& disk, const std::string& path, const StoppedServices& stopped) {
  return io::replace_file(disk, path, stopped_text(stopped));
}

}  // namespace hikyaku::apps
