// hikyaku retry explain
#include "apps/cli/access/data_access.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "services/delivery/dns_servers.h"
#include "services/delivery/recipient_plan.h"
#include "services/delivery/schedule/retry_schedule.h"
#include "services/delivery/schedule/retry_settings.h"

namespace hikyaku::cli {

namespace {

struct Subject {
  std::string domain, key;
};

bool is_key(const std::string& text) { return text.starts_with("mx:") || text.starts_with("host:"); }

Exit explain(Invocation& call, const Subject& subject) {
  const auto settings = call.settings();
  if (!settings) return Exit::Failed;
  const bool japanese = call.language == Language::Japanese;
  const auto table = delivery::retry_table(settings->delivery);
  const auto rules = table.rules_for(subject.domain, subject.key);
  const auto wanted = call.has("--class") ? delivery::parse_class(call.value("--class")) : std::nullopt;
  const auto kind = call.has("--error-mail") ? delivery::MailKind::ErrorMail : delivery::MailKind::Ordinary;
  telemetry::JsonWriter json;
  if (call.json) json.object().member("destination", subject.key).member("domain", subject.domain).key("classes").array();
  for (std::size_t n = 0; n < delivery::failure_classes; ++n) {
    const auto failure = static_cast<delivery::FailureClass>(n);
    if (wanted && *wanted != failure) continue;
    const auto plan = delivery::plan_retries(rules, failure, kind);
    const auto line = delivery::describe_plan(plan, japanese);
    std::string rows;
    for (const auto* row : table.rows_for(failure, subject.domain, subject.key)) rows += (rows.empty() ? "" : "; ") + row->text;
    if (call.json) {
      json.object().member("class", std::string(delivery::class_name(failure))).member("schedule", line)
          .member("attempts", std::uint64_t{plan.attempts.size()}).member("rows", rows).end_object();
      continue;
    }
    call.print(std::string(delivery::class_name(failure)) + " (" + std::string(delivery::class_words(failure, japanese)) + "): " + line);
    if (!rows.empty()) call.print(std::string("  ") + std::string(call.say({"by the rule ", "適用される規則: "})) + rows);
  }
  if (call.json) call.print(json.end_array().end_object().take());
  return Exit::Done;
}

Exit run(Invocation& call) {
  const std::string text = call.value("WHERE");
  if (is_key(text)) return explain(call, {"", text});
  return with_directory(call, [](Invocation& asked, directory::Editor& editor) -> directory::DirectoryResult<> {
    TRY(snapshot, editor.read());
    // Of a domain: what delivery would do with mail for its postmaster, routes included.
    const std::string where = asked.value("WHERE");
    TRY(address, wanted_address(where.find('@') == std::string::npos ? "postmaster@" + where : where));
    const delivery::RoutingSettings routing{.dns_servers = delivery::dns_servers(asked.settings()->delivery.resolvers())};
    const ReversePath sender;
    const Recipient recipient{address, "", {}};
    const auto plan = delivery::plan_recipient(*snapshot, routing, {sender, recipient});
    const auto* hop = std::get_if<delivery::ToNextHop>(&plan);
    explain(asked, {address.domain, hop != nullptr ? hop->hop.key() : "local:" + address.domain});
    return {};
  });
}

}  // namespace

Command retry_explain_command() {
  std::vector<std::string_view> names;
  for (std::size_t n = 0; n < delivery::failure_classes; ++n) names.push_back(delivery::class_name(static_cast<delivery::FailureClass>(n)));
  return {.name = "retry explain",
          .help = {"when a recipient would be tried again, and until when", "再送の予定をエラーの分類ごとに示す"},
          .options = {{"WHERE", OptionKind::Argument, {"a recipient, a domain, a host, or a destination of the queue", "宛先、ドメイン、ホスト、またはキューの配送先"}},
                      {"--class", OptionKind::Value, {"this class of failure only", "この分類だけ"}, names, true},
                      {"--error-mail", OptionKind::Flag, {"for an error mail (null sender)", "エラーメール(送信者が空)の場合"}}},
          .run = run};
}

}  // namespace hikyaku::cli
