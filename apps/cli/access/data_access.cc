#include "apps/cli/access/data_access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "apps/cli/access/operator_log.h"
#include "apps/cli/typed_command.h"
#include "apps/service/data_folders.h"
#include "apps/supervisor/privileges.h"
#include "services/directory/directory.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

// After a failed access(2).
void tell_no_access(const Invocation& call, const std::string& path) {
  call.fail(path + ": " + std::strerror(errno) + ". Remedy: run this as root or as the user the services run as.");
}

}  // namespace

bool may_look_into(const Invocation& call, const std::string& folder) {
  if (access(folder.c_str(), R_OK | X_OK) == 0 || errno != EACCES) return true;
  return tell_no_access(call, folder), false;
}

bool enter_data_folder(Invocation& call) {
  (void)calling_user();  // while we are still who called
  const auto settings = call.settings();
  if (!settings) return false;
  const auto identity = apps::choose_identity(settings->serve.user(), settings->node.data());
  if (!identity) return call.fail(identity.error()), false;
  if (geteuid() == 0 && identity->uid != 0 && !apps::become(*identity)) return call.fail("the user of the data folder could not be taken on"), false;
  if (access(settings->node.data().c_str(), W_OK | X_OK) == 0) return true;
  return tell_no_access(call, settings->node.data()), false;
}

std::unique_ptr<DirectoryAccess> DirectoryAccess::open(Invocation& call) {
  if (!enter_data_folder(call)) return nullptr;
  const std::string& data = call.settings()->node.data();
  auto access = std::make_unique<DirectoryAccess>();
  auto directory = storage::SqliteEngine::open(access->disk_, apps::folder::in(data, apps::folder::directory));
  auto secrets = storage::SqliteEngine::open(access->disk_, apps::folder::in(data, apps::folder::secrets));
  for (const auto* engine : {&directory, &secrets})
    if (!*engine) return call.fail(engine->error().what), nullptr;
  std::string why;
  auto seen = directory::SeenPage::open(apps::folder::in(data, "run/directory-seen"), why);
  access->directory_ = std::move(*directory), access->secrets_ = std::move(*secrets);
  access->editor_ = std::make_unique<directory::Editor>(*access->directory_, *access->secrets_, std::move(seen));
  access->call_ = &call;
  access->before_ = access->versions();
  return access;
}

DirectoryAccess::Versions DirectoryAccess::versions() {
  const auto soon = SystemClock{}.now() + 5s;
  const auto of = [&](storage::Engine& engine, const storage::PartitionName& partition) {
    const auto version = engine.version(partition, soon);
    return version ? version->value() : 0;
  };
  return {of(*directory_, directory::partition), of(*secrets_, storage::PartitionName{"secrets"})};
}

DirectoryAccess::~DirectoryAccess() {
  if (call_ == nullptr || !editor_ || only_looks(call_->command) || versions() == before_) return;
  OperatorLog log(*call_);
  const std::string by = calling_user();
  log.log().write(telemetry::events::directory_changed, {.by = by, .text = call_->command});
}

Exit with_directory(Invocation& call, const DirectoryWork& work) {
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto done = work(call, access->editor());
  return done ? Exit::Done : call.fail(done.error().what);
}

directory::Editor::Run run_of(const Invocation& call) { return call.has("--dry-run") ? directory::Editor::Run::Dry : directory::Editor::Run::Really; }

void report_done(const Invocation& call, const Words& what, std::string_view about) {
  if (!call.json) return call.print(std::string(about) + ": " + std::string(call.say(what)));
  telemetry::JsonWriter json;
  call.print(json.object().member("done", what.en).member("about", about).end_object().take());
}

}  // namespace hikyaku::cli
