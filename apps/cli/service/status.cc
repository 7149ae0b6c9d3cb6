// hikyaku status
#include <filesystem>

#include "apps/cli/access/lists_told.h"
#include "apps/cli/commands.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/language/server_sentences.h"
#include "apps/cli/service/recent_errors.h"
#include "apps/cli/service/services_view.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

constexpr auto ends_are_told = std::chrono::days{7};

// Mail that does not move because somebody said so: the first thing to know when it does not move. Nothing: the directory
// cannot be read, and that was printed.
std::optional<std::vector<directory::Hold>> holds_of(Invocation& call, const std::string& data, WallTime now) {
  if (!std::filesystem::exists(data + "/directory")) return std::vector<directory::Hold>{};
  const auto directory = directory_now(call);
  return directory ? std::optional(running_holds(*directory, now)) : std::nullopt;
}

// The server's answer, and beside it what the log and the directory say; without the holds when they are not known.
std::string with_more(std::string answer, const std::vector<RecentErrors::Row>& errors, const std::optional<std::vector<directory::Hold>>& holds, WallTime now) {
  if (!answer.ends_with('}')) return answer;
  answer.pop_back();
  answer += ",\"errors\":" + errors_json(errors);
  if (!holds) return answer + "}";
  telemetry::JsonWriter json;
  json.array();
  for (const auto& hold : *holds) write_hold(json, hold, now);
  return answer + ",\"holds\":" + json.end_array().take() + "}";
}

// Of the last days: an operator who looks was not there when it happened.
void print_end(const Invocation& call, const JsonView& end, WallTime now) {
  const auto until = telemetry::parse_stamp(end.text("successor_since"));
  if (!until || now - *until > ends_are_told) return;
  const auto heard = telemetry::parse_stamp(end.text("last_heard"));
  const bool server = end.text("process") == "server";
  const std::string pid = std::to_string(end.number("pid")), how = end.text("how");
  const std::string from = heard ? short_stamp(end.text("last_heard")) : std::string(call.say({"an unknown time", "時刻不明"})), to = short_stamp(end.text("successor_since"));
  if (call.language == Language::Japanese)
    call.print("警告: " + std::string(server ? "サーバ" : "制御プロセス") + "(PID " + pid + ")が終了を告げずに終わった" + (how.empty() ? "" : "(" + in_japanese(how) + ")") + "。最後の確認 " + from +
               "、再開 " + to + "。" + (server ? "強制終了の原因は `journalctl -k`(メモリ不足など)で確かめられる。" : "その間もサービスは動き続けた。"));
  else
    call.print("WARNING: the " + std::string(server ? "server" : "control process") + " (PID " + pid + ") ended without saying so" + (how.empty() ? "" : " (" + how + ")") + ": last heard of " + from +
               ", its successor began " + to + ". " + (server ? "`journalctl -k` tells of a kill, for lack of memory say." : "The services went on meanwhile."));
}

Exit run(Invocation& call) {
  const auto answer = ask(call, {{"status"}});
  if (!answer) return Exit::Failed;
  const auto status = JsonView::parse(*answer);
  if (!status) return call.fail(Words{"the server's answer makes no sense", "サーバの応答を解釈できない"});
  const auto now = SystemClock{}.wall();
  const auto holds = holds_of(call, status->text("data"), now);
  const auto errors = recent_errors(status->text("data"), now);
  if (call.json) return call.print(with_more(*answer, errors, holds, now)), Exit::Done;
  const std::string since = status->text("since").substr(0, 19);
  call.print(std::string(call.say({"Hikyaku runs since ", "Hikyaku 稼働開始 "})) + since + ", PID " + std::to_string(status->number("pid")) + ", " +
             status->text("settings") + ", " + status->text("data"));
  for (const auto& end : status->at("ended_unsaid").items()) print_end(call, end, now);
  for (const auto& [zone, list] : lists_told(status->text("data")))
    if (list.off) call.print(std::string(call.say({"WARNING: the DNS list is not asked: ", "警告: DNS リストを使用停止中: "})) + zone + " (" + std::string(policy::state_name(list.found)) + ")");
  print_services(call, *status);
  if (holds && !holds->empty()) {
    call.print(call.say({"Mail on hold:", "保留中のメール:"}));
    print_holds(call, *holds, now);
  }
  print_errors(call, errors);
  for (const auto& service : status->at("services").items())
    if (service.text("state") == "failing") return Exit::Problem;
  return Exit::Done;
}

}  // namespace

Command status_command() {
  return {.name = "status",
          .help = {"how the server and its services stand", "サーバと各サービスの状態を表示する"},
          .run = run,
          .more = {"Exit status: 0 well, 1 no server answers, 3 a service keeps failing.", "終了コード: 0 正常、1 サーバが応答しない、3 異常なサービスがある。"}};
}

}  // namespace hikyaku::cli
