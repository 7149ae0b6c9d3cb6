#include "apps/cli/policy/content_access.h"

#include "apps/cli/access/operator_log.h"
#include "apps/service/data_folders.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

Exit with_content(Invocation& call, ContentWork work) {
  if (!enter_data_folder(call)) return Exit::Failed;
  const std::string& data = call.settings()->node.data();
  io::PosixDisk disk;
  auto engine = storage::SqliteEngine::open(disk, apps::folder::in(data, apps::folder::directory));
  if (!engine) return call.fail(engine.error().what);
  std::string why;
  ContentStore store{**engine, directory::ContentEditor(**engine, directory::SeenPage::open(apps::folder::in(data, "run/directory-seen"), why))};
  const auto done = work(call, store);
  return done ? *done : call.fail(done.error().what);
}

directory::DirectoryResult<directory::ContentRows> rows_now(ContentStore& store) { return directory::read_content(store.engine, std::chrono::steady_clock::now() + 10s); }

void tell_content(Invocation& call) {
  OperatorLog log(call);
  const std::string by = calling_user();
  log.log().write(telemetry::events::directory_changed, {.by = by, .text = call.command});
}

directory::ContentEditor::Run run_of_content(const Invocation& call) { return call.has("--dry-run") ? directory::ContentEditor::Run::Dry : directory::ContentEditor::Run::Really; }

std::string conditions_text(const Invocation& call, const directory::ContentRow& row) {
  auto text = directory::condition_text({row.part, row.field, row.pattern});
  for (const auto& condition : row.also) text += std::string(call.say({" and ", " かつ "})) + directory::condition_text(condition);
  return text;
}

void write_content_row(telemetry::JsonWriter& json, const directory::ContentRow& row) {
  json.member("name", row.name).member("part", directory::content_part_name(row.part)).member("field", row.field).member("pattern", row.pattern).key("also").array();
  for (const auto& condition : row.also) json.object().member("part", directory::content_part_name(condition.part)).member("field", condition.field).member("pattern", condition.pattern).end_object();
  json.end_array().member("action", directory::content_action_name(row.action)).member("mode", directory::content_mode_name(row.mode)).member("recipient", row.recipient).member("added", telemetry::stamp_text(row.added))
      .member("note", row.note);
}

}  // namespace hikyaku::cli
