// hikyaku log
#include <unistd.h>

#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/commands.h"
#include "apps/cli/log/arguments.h"
#include "apps/cli/log/files.h"
#include "apps/cli/log/follow.h"
#include "apps/cli/log/forms.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "apps/supervisor/service_table.h"
#include "services/telemetry/event.h"

namespace hikyaku::cli {

namespace {

constexpr std::size_t most_lines = 1'000'000;

// Who writes logs: the services, each of their processes, and the supervisor.
std::vector<std::string_view> writers() {
  std::vector<std::string_view> names = {"supervisor"};
  for (const auto& service : apps::service_table()) {
    if (service.processes.empty()) continue;
    names.push_back(service.name);
    for (const auto& process : service.processes)
      if (process.name != service.name) names.push_back(process.name);
    for (const auto alias : service.aliases)
      if (alias.find(' ') == std::string_view::npos) names.push_back(alias);
  }
  return names;
}

// Whose files a name means: E-Post's names stand for ours.
std::string writer_named(const std::string& name) {
  const auto* service = apps::find_service(name);
  return service != nullptr ? std::string(service->name) : name;
}

struct Printer {
  Invocation& call;
  std::string host;
  [[nodiscard]] std::optional<std::string> form(std::string_view text) const;
};

// A line's JSON has it as it is (services/telemetry/json_text.h): lines without it need not be read.
bool stands_as_written(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// Of that level, or more important.
bool is_as_grave(std::string_view text, std::string_view level) {
  constexpr std::string_view key = "\"level\":\"";
  const auto at = text.find(key);
  if (at == std::string_view::npos) return false;
  const auto from = text.substr(at + key.size());
  const auto found = telemetry::parse_level(from.substr(0, from.find('"'))), least = telemetry::parse_level(level);
  return found && least && *found <= *least;
}

// What to print for a line, or nothing when it is not wanted.
std::optional<std::string> Printer::form(std::string_view text) const {
  const auto wanted = call.value("--message");
  if (!wanted.empty() && text.find(wanted) == std::string_view::npos) return std::nullopt;
  if (call.has("--level") && !is_as_grave(text, call.value("--level"))) return std::nullopt;
  const auto about = call.value("--about");
  if (!about.empty() && stands_as_written(about) && text.find(about) == std::string_view::npos) return std::nullopt;
  if (call.json && about.empty()) return std::string(text);
  const auto line = JsonView::parse(text);
  if (!line || (!about.empty() && !tells_of(*line, about))) return std::nullopt;
  if (call.json) return std::string(text);
  if (call.value("--as") == "epost") return epost_form(*line, host);
  return human_form(*line, call.language);
}

std::string host_name(const settings::Settings& settings) {
  if (!settings.node.hostname().empty()) return settings.node.hostname();
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

// Without a word of the time: today; of a message all days.
void select_asked(LogSelection& selection, const Invocation& call, WallTime now) {
  auto asked = asked_time(call, now);
  if (!asked.since && !call.has("--message")) asked.since = begin_of_day(asked.until.value_or(now));
  select_times(selection, asked.since, asked.until);
}

Exit run(Invocation& call) {
  if (call.json && call.has("--as")) return call.fail(Words{"--json and --as are two forms. Remedy: give one of them.", "--json と --as は別の形式。どちらか一方を指定する。"}), Exit::WrongUse;
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  LogSelection selection{.folder = apps::folder::in(settings->node.data(), apps::folder::log), .logs = call.values("--log"), .service = writer_named(call.value("--service"))};
  if (!may_look_into(call, selection.folder)) return Exit::Failed;
  select_asked(selection, call, SystemClock{}.wall());
  const Printer printer{call, host_name(*settings)};
  const auto lines = count_of(call, "--lines", call.has("--follow") ? 10 : most_lines);
  std::deque<std::string> last;
  const bool all = lines >= most_lines;
  for_each_line(selection, [&](const LogLine& line) {
    auto form = printer.form(line.text);
    if (!form) return true;
    if (all) return call.print(*form), true;
    last.push_back(std::move(*form));
    if (last.size() > lines) last.pop_front();
    return true;
  });
  for (const auto& line : last) call.print(line);
  if (call.has("--follow")) follow_logs(selection, [&](std::string_view text) {
      if (const auto form = printer.form(text)) call.print(*form);
    });
  return Exit::Done;
}

}  // namespace

Command log_command() {
  std::vector<Option> options = {{"--log", OptionKind::Value, {"only this log: acceptlog, inlog, outlog...", "このログだけ: acceptlog、inlog、outlog など"},
                                  {"acceptlog", "inlog", "receivelog", "senderlog", "outlog", "outlocallog", "faillog", "pop3log", "imap4log", "servicelog"}, true, true},
                                 {"--service", OptionKind::Value, {"only what this service wrote (its name, or E-Post's)", "このサービスが書いたものだけ。E-Post の名称でもよい"}, writers(), true},
                                 value_option("--message", Takes::TraceId, {"only this message's lines, of all days", "この追跡 ID の行だけ(全期間)"}),
                                 {"--about", OptionKind::Value, {"only events that tell of this: an address, a domain, an event's name, words of a reply", "これを含む出来事だけ(アドレス、ドメイン、イベント名、応答の語句など)"}}};
  options.push_back({"--level", OptionKind::Value, {"only events of this level and graver ones", "このレベル以上に重大な出来事だけ"}, {"error", "warning", "info", "debug", "trace"}, true});
  for (auto& option : log_time_options()) options.push_back(std::move(option));
  options.push_back(count_option("--lines", 1, most_lines, {"only the last so many", "最後の何行かだけ"}));
  options.push_back({"--follow", OptionKind::Flag, {"go on with what happens next", "続けて新しい行を表示する"}});
  options.push_back({"--as", OptionKind::Value, {"print E-Post's line layouts", "E-Post の行形式で出力する"}, {"epost"}, true});
  return {.name = "log", .help = {"what happened, in the order of time", "出来事を時刻順に表示する"}, .options = std::move(options), .run = run};
}

}  // namespace hikyaku::cli
