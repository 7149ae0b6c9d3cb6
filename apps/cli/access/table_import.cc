#include "apps/cli/access/table_import.h"

#include <algorithm>
#include <map>

#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_removed = 20;

std::size_t rows_of(const directory::RowChanges& changes) { return changes.added + changes.changed + changes.unchanged; }

void print_removed(const Invocation& call, const std::vector<std::string>& removed, bool done) {
  if (removed.empty()) return;
  call.print(call.say(done ? Words{"Removed:", "削除した行:"} : Words{"Would be removed:", "削除されることになる行:"}));
  for (std::size_t row = 0; row < std::min(removed.size(), most_removed); ++row) call.print("  " + removed[row]);
  if (removed.size() > most_removed) {
    const auto more = std::to_string(removed.size() - most_removed);
    call.print(call.language == Language::Japanese ? "  ほか " + more + " 行" : "  ... and " + more + " more rows");
  }
}

void print_counts(const Invocation& call, const directory::RowChanges& changes) {
  const auto part = [&](const Words& words, std::size_t count) { return std::string(call.say(words)) + std::to_string(count); };
  std::string line = part({"rows: new ", "新しい行 "}, changes.added) + part({", changed ", "、変わる行 "}, changes.changed);
  line += part({", unchanged ", "、同じ行 "}, changes.unchanged) + part({", removed ", "、なくなる行 "}, changes.removed.size());
  if (changes.reordered) line += call.say({"; in another order", "。順序も変わる"});
  call.print(line);
}

// Sorted, the last of equal keys alone.
std::vector<directory::KeyedRow> settled(const std::vector<directory::KeyedRow>& rows) {
  std::map<std::string_view, const directory::KeyedRow*> last;
  for (const auto& row : rows) last[row.key] = &row;
  std::vector<directory::KeyedRow> all;
  for (const auto& [key, row] : last) all.push_back(*row);
  return all;
}

bool waits_for_yes(const Invocation& call, const directory::RowChanges& changes) { return !may_replace(call, changes) && !call.has("--dry-run"); }

}  // namespace

directory::RowChanges unordered_changes(const std::vector<directory::KeyedRow>& former, const std::vector<directory::KeyedRow>& wanted) {
  return directory::row_changes(settled(former), settled(wanted));
}

void write_changes(telemetry::JsonWriter& json, const Invocation& call, const directory::RowChanges& changes) {
  json.flag("changed_now", may_replace(call, changes)).flag("needs_yes", !changes.removed.empty() && !call.has("--yes"));
  json.member("new", changes.added).member("changed", changes.changed).member("unchanged", changes.unchanged).member("removed", changes.removed.size()).flag("reordered", changes.reordered);
  json.key("removed_rows").array();
  for (std::size_t row = 0; row < std::min(changes.removed.size(), most_removed); ++row) json.text(changes.removed[row]);
  json.end_array();
}

std::vector<Option> table_import_options(std::vector<Option> between) {
  auto options = import_options(std::move(between));
  options.push_back({"--yes", OptionKind::Flag, {"remove the rows that the text does not have; without this nothing is done where there are such", "ファイルにない行を削除する。なければ、そのような行があるとき何もしない"}});
  return options;
}

Exit refuse_table(const Invocation& call, std::vector<directory::BadRow> bad) {
  if (call.has("--dry-run"))
    call.fail(Words{"The text would not be taken: what takes the place of other rows is taken whole or not at all. Mend these rows first.", "このテキストは取り込めない。以前の行と置き換えるときは、全体を取り込むか、何も取り込まない。先に次の行を直す。"});
  else
    call.fail(Words{"Nothing was changed: what takes the place of other rows is taken whole or not at all. Mend these rows and import again.", "何も変更していない。以前の行と置き換えるときは、全体を取り込むか、何も取り込まない。次の行を直して取り込み直す。"});
  return report_import(call, 0, std::move(bad));
}

bool may_replace(const Invocation& call, const directory::RowChanges& changes) {
  return !call.has("--dry-run") && (changes.removed.empty() || call.has("--yes"));
}

Exit report_table(const Invocation& call, const directory::RowChanges& changes, const Words& follows) {
  const bool waits = waits_for_yes(call, changes);
  if (call.json) {
    telemetry::JsonWriter json;
    write_import(json.object(), call, waits ? 0 : rows_of(changes), 0, {});
    write_changes(json, call, changes);
    call.print(json.end_object().take());
    return waits ? Exit::Problem : Exit::Done;
  }
  const auto told = tell_removed(call, changes, follows);
  return told == Exit::Done ? report_import(call, rows_of(changes), {}) : told;
}

Exit tell_removed(const Invocation& call, const directory::RowChanges& changes, const Words& follows) {
  const bool done = may_replace(call, changes);
  print_removed(call, changes.removed, done);
  print_counts(call, changes);
  if (!changes.removed.empty() && !follows.en.empty()) call.print(call.say(follows));
  if (waits_for_yes(call, changes))
    return call.fail(Words{"Nothing was changed: rows that the text does not have would be removed. Remedy: add --yes if they shall go; else add them to the text.",
                           "何も変更していない。ファイルにない行が削除されることになる。それでよければ --yes を付ける。残すならファイルに加える。"}), Exit::Problem;
  if (!done && !changes.removed.empty() && !call.has("--yes")) call.print(call.say({"Because rows would be removed, the import itself needs --yes.", "削除される行があるので、実際に取り込むには --yes が要る。"}));
  return Exit::Done;
}

}  // namespace hikyaku::cli
