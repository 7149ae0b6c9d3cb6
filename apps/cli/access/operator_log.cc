#include "apps/cli/access/operator_log.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "apps/service/data_folders.h"

namespace hikyaku::cli {
namespace {

std::string user_name(uid_t uid) {
  const auto* entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(uid);
}

telemetry::LogOptions options_of(Invocation& call) {
  telemetry::LogOptions options;
  const auto settings = call.settings();
  options.folder = apps::folder::in(settings->node.data(), apps::folder::log);
  options.service = "operator";
  options.retention_days = static_cast<int>(settings->log.retention_days());
  return options;
}

}  // namespace

const std::string& calling_user() {
  static const std::string name = [] {
    const char* sudo = getuid() == 0 ? std::getenv("SUDO_USER") : nullptr;
    return sudo != nullptr && *sudo != '\0' ? std::string(sudo) + " (sudo)" : user_name(getuid());
  }();
  return name;
}

OperatorLog::OperatorLog(Invocation& call) : log_(options_of(call), telemetry::file_sink(options_of(call)), clock_) {}

}  // namespace hikyaku::cli
