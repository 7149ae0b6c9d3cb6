#include "apps/cli/access/directory_import.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "protocol/mime/table_text.h"

namespace hikyaku::cli {

namespace {

using directory::Editor;

constexpr std::size_t most_told = 20;  // a text that is no table at all has a fault in every line

void tell_refused(const Invocation& call, const std::vector<directory::BadRow>& refused) {
  for (std::size_t row = 0; row < std::min(refused.size(), most_told); ++row) call.fail("line " + std::to_string(refused[row].line) + ": " + refused[row].why);
  if (refused.size() > most_told) call.fail("... and " + std::to_string(refused.size() - most_told) + " more lines");
}

}  // namespace

std::optional<std::string> read_file_argument(const Invocation& call) {
  const auto file = call.value("FILE");
  if (file == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  std::error_code none;
  if (std::filesystem::is_directory(file, none)) return call.fail(file + ": " + std::strerror(EISDIR)), std::nullopt;
  std::ifstream in(file, std::ios::binary);
  if (!in) return call.fail(file + ": " + std::strerror(errno)), std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

std::vector<Option> import_options(std::vector<Option> between) {
  std::vector<Option> options{{"FILE", OptionKind::Argument, {"the text, - for standard input", "ファイル。- なら標準入力"}}};
  for (auto& option : between) options.push_back(std::move(option));
  options.push_back({"--dry-run", OptionKind::Flag, {"only tell what would be taken", "取り込めるかどうかだけを示す"}});
  return options;
}

Result<std::string, Exit> read_table_argument(const Invocation& call) {
  const auto octets = read_file_argument(call);
  if (!octets) return failure(Exit::Failed);
  auto table = mime::read_table(*octets);
  if (table.unreadable.empty()) return std::move(table.text);
  std::vector<directory::BadRow> bad;
  for (const auto line : table.unreadable) bad.push_back({line, "The characters are neither UTF-8 nor Shift_JIS; nothing of this text was taken. Save it as UTF-8."});
  return failure(report_import(call, 0, std::move(bad)));
}

Exit import_text(Invocation& call, ImportWork work) {
  const auto text = read_table_argument(call);
  if (!text) return text.error();
  const auto access = DirectoryAccess::open(call);
  if (!access) return Exit::Failed;
  const auto done = work(call, access->editor(), *text);
  return done ? *done : call.fail(done.error().what);
}

void write_import(telemetry::JsonWriter& json, const Invocation& call, std::size_t taken, std::size_t there_already, const std::vector<directory::BadRow>& refused) {
  json.flag("dry_run", call.has("--dry-run")).member("taken", taken).member("there_already", there_already).key("refused").array();
  for (const auto& row : refused) json.object().member("line", row.line).member("why", row.why).end_object();
  json.end_array();
}

Exit report_import(const Invocation& call, std::size_t taken, std::vector<directory::BadRow> refused, std::size_t there_already) {
  std::sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  if (call.json) {
    telemetry::JsonWriter json;
    write_import(json.object(), call, taken, there_already, refused);
    call.print(json.end_object().take());
  } else {
    tell_refused(call, refused);
    const Words would{" rows can be taken (nothing was changed), ", " 行を取り込める(何も変更していない)、"}, did{" rows taken, ", " 行を取り込んだ、"};
    std::string line = std::to_string(taken) + std::string(call.say(call.has("--dry-run") ? would : did));
    if (there_already > 0) line += std::to_string(there_already) + std::string(call.say({" there already and skipped, ", " 行は既にあり飛ばした、"}));
    call.print(line + std::to_string(refused.size()) + std::string(call.say({" refused", " 行は不可"})));
  }
  return refused.empty() ? Exit::Done : Exit::Problem;
}

Exit report_tried(const Invocation& call, std::vector<directory::BadRow> bad, const std::vector<std::size_t>& lines, std::vector<Editor::Rejected> rejected) {
  std::size_t there_already = 0;
  for (auto& row : rejected) {
    if (row.rejection == Editor::Rejection::ThereAlready) ++there_already;
    else bad.push_back({lines[row.index], std::move(row.why)});
  }
  return report_import(call, lines.size() - rejected.size(), std::move(bad), there_already);
}

}  // namespace hikyaku::cli
