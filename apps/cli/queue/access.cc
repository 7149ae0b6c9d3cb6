#include "apps/cli/queue/access.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/operator_log.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/value.h"
#include "apps/service/data_folders.h"
#include "io/channel.h"
#include "io/seccomp_count.h"
#include "services/delivery/report/report_settings.h"
#include "services/delivery/schedule/failure_class.h"

namespace hikyaku::cli {

namespace {

constexpr Duration patience = 30s;

// Whether somebody keeps deliver's control socket open: the supervisor does from deliver's start to its ordered stop.
bool deliver_listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const io::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return socket && connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

struct Exchange {
  std::string request;
  std::optional<delivery::QueueReply> reply;
  std::string trouble;
};

Task<void> exchange(io::Loop& loop, io::ChannelClient& client, Exchange& both) {
  io::Message message;
  message.octets = both.request;
  if (auto status = io::open_own_status()) message.descriptors.push_back(std::move(status));  // that we are no service's child
  auto answer = co_await client.request(std::move(message), loop.after(patience), io::OnLoss::Fail);
  if (answer) both.reply = delivery::decode_queue_reply(answer->octets);
  else both.trouble = answer.error().what;
  loop.stop();
}

std::string host_name(const settings::Settings& settings) {
  if (!settings.node.hostname().empty()) return settings.node.hostname();
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::unique_ptr<QueueAccess> QueueAccess::open_running(Invocation& call) {
  const auto settings = call.settings();
  if (!settings) return nullptr;
  std::unique_ptr<QueueAccess> queue(new QueueAccess(call));
  queue->path_ = apps::folder::in(settings->node.data(), "run/deliver-control.sock");
  return deliver_listens(queue->path_) ? std::move(queue) : nullptr;
}

std::unique_ptr<QueueAccess> QueueAccess::open(Invocation& call) {
  if (auto running = open_running(call)) return running;
  const auto settings = call.settings();
  if (!settings || !enter_data_folder(call)) return nullptr;
  std::unique_ptr<QueueAccess> queue(new QueueAccess(call));
  spool::SpoolOptions options;
  options.folder = apps::folder::in(settings->node.data(), apps::folder::spool);
  options.node = static_cast<std::uint16_t>(settings->node.id());
  auto spool = spool::Spool::open(queue->disk_, options);
  if (!spool) return call.fail("the queue cannot be opened: " + spool.error().what + ". Remedy: deliver may be starting or stopping; try again."), nullptr;
  queue->spool_ = *std::move(spool);
  return queue;
}

QueueAccess::QueueAccess(Invocation& call) : call_(call) {}
QueueAccess::~QueueAccess() = default;

std::optional<delivery::QueueReply> QueueAccess::ask(delivery::QueueRequest request) {
  const SystemClock clock;
  auto* act = std::get_if<delivery::QueueActionRequest>(&request);
  if (act != nullptr) act->by = calling_user();
  if (spool_) {
    const auto settings = call_.settings();
    delivery::ActionContext context{{host_name(*settings), 0, clock.wall(), delivery::report_language(settings->delivery)}};
    const bool asks_holds = act != nullptr || std::holds_alternative<delivery::QueueListRequest>(request);
    if (asks_holds) context.directory = directory_now(call_);
    std::vector<delivery::Touched> touched;
    auto reply = delivery::answer_queue(*spool_, request, context, delivery::ReadIncoming::Yes, touched);
    if (act == nullptr || act->run == delivery::ActionRun::Dry) return reply;
    if (!log_) log_ = std::make_unique<OperatorLog>(call_), audit_ = std::make_unique<delivery::QueueAudit>(log_->log());
    audit_->carried_out(request, reply, touched, 0);
    return reply;
  }
  io::Loop loop;
  Exchange both{delivery::encode(request), std::nullopt, ""};
  {
    io::ChannelClient client(loop, io::SocketAddress::unix_path(path_));
    loop.spawn(exchange(loop, client, both));
    loop.run();
  }
  if (!both.reply && both.trouble.empty()) call_.fail("deliver did not answer. Remedy: hikyaku status shows how it stands; try again.");
  else if (!both.reply) call_.fail("deliver did not answer (" + both.trouble + "). Remedy: hikyaku status shows how it stands; try again.");
  return std::move(both.reply);
}

std::vector<Option> filter_options() {
  return {value_option("--id", Takes::TraceId, {"the message with this trace id", "この追跡 ID のメール"}),
          {"--sender", OptionKind::Value, {"from this address; <> for bounces", "この送信者。<> は不達通知"}},
          {"--recipient", OptionKind::Value, {"to this address", "この宛先"}},
          {"--domain", OptionKind::Value, {"to this domain", "この宛先ドメイン"}},
          {"--account", OptionKind::Value, {"sent by this account, logged in", "このアカウントで認証して送られたもの"}},
          {"--destination", OptionKind::Value, {"for this next hop", "この配送先"}},
          {"--class", OptionKind::Value, {"whose last failure was of this class: transient, timeout, ...", "直前の失敗の種類: transient、timeout など"}},
          {"--code", OptionKind::Value, {"whose last reply had this code: 451, or 4.7.1", "直前の応答コード: 451、または 4.7.1"}},
          {"--error", OptionKind::Value, {"whose last reply contains this text", "直前の応答にこの文字列を含む"}},
          value_option("--older", Takes::Duration, {"accepted at least this long ago: 2h", "受信からこれ以上経ったもの: 2h"}),
          value_option("--younger", Takes::Duration, {"accepted at most this long ago: 10m", "受信からこれ以内のもの: 10m"}),
          value_option("--larger", Takes::Size, {"at least this large: 10MiB", "これ以上の大きさ: 10MiB"}),
          value_option("--smaller", Takes::Size, {"at most this large: 1MiB", "これ以下の大きさ: 1MiB"})};
}

namespace {

// 3DIGIT (RFC 5321 §4.2), or three numbers (RFC 3463 §2).
bool is_code(std::string_view text) {
  const auto digits = [](std::string_view part, std::size_t most) {
    return !part.empty() && part.size() <= most && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (text.empty() || text[0] < '2' || text[0] > '5') return false;
  const auto first = text.find('.'), second = text.rfind('.');
  if (first == std::string_view::npos) return text.size() == 3 && digits(text, 3);
  return first == 1 && second > first && digits(text.substr(2, second - 2), 3) && digits(text.substr(second + 1), 3);
}

}  // namespace

std::optional<delivery::QueueFilter> filter_of(Invocation& call) {
  delivery::QueueFilter filter;
  if (call.has("--id") && call.has("ID")) return call.fail(Words{"two trace ids are given. Remedy: give one, with --id or without.", "追跡 ID が 2 つある。--id を付けるか付けないか、どちらか一方にする。"}), std::nullopt;
  if (call.has("--id") || call.has("ID")) {
    const std::string text = call.has("ID") ? call.value("ID") : call.value("--id");
    filter.id = TraceId::parse(text);
  }
  filter.sender = call.value("--sender"), filter.recipient = call.value("--recipient"), filter.domain = call.value("--domain");
  filter.destination = call.value("--destination"), filter.error = call.value("--error");
  filter.account = call.value("--account");
  if (call.has("--code") && !is_code(filter.code = call.value("--code")))
    return call.fail(Words{"--code is a reply's code, as 451, or an enhanced one, as 4.7.1. Remedy: for any other words of a reply use --error.",
                           "--code には 451 のような応答コードか、4.7.1 のような拡張コードを指定する。それ以外の語句は --error で指定する。"}), std::nullopt;
  if (call.has("--class")) {
    const auto failure = delivery::parse_class(call.value("--class"));
    if (!failure) return call.fail("\"" + call.value("--class") + "\" is no class of failures. Remedy: hikyaku queue destinations shows their names."), std::nullopt;
    filter.failure_class = static_cast<std::uint8_t>(*failure);
  }
  filter.at_least_old = duration_of(call, "--older").value_or(0s);
  filter.at_most_old = duration_of(call, "--younger");
  filter.least_octets = octets_of(call, "--larger").value_or(filter.least_octets);
  filter.most_octets = octets_of(call, "--smaller").value_or(filter.most_octets);
  return filter;
}

std::vector<Option> summary_options() {
  auto options = filter_options();
  options.push_back(count_option("--limit", 1, 500, {"at most so many destinations", "配送先の最大件数"}));
  options.push_back({"--after", OptionKind::Value, {"the next page: what the page before said", "次のページ: 前のページに示された値"}});
  return options;
}

std::optional<delivery::QueueSummaryRequest> summary_request_of(Invocation& call, std::uint32_t usual) {
  const auto filter = filter_of(call);
  if (!filter) return std::nullopt;
  delivery::QueueSummaryRequest request{*filter, static_cast<std::uint32_t>(count_of(call, "--limit", usual)), {}};
  if (!call.has("--after")) return request;
  request.after = delivery::parse_summary_cursor(call.value("--after"));
  if (!request.after) return call.fail(Words{"--after is what the page before ended with", "--after には前のページの最後に示された値を指定する"}), std::nullopt;
  return request;
}

void print_more(Invocation& call, const delivery::QueueSummary& summary) {
  if (const auto next = summary.next())
    call.print(std::to_string(summary.left_out) + std::string(call.say({" more destinations: --after ", " 件の配送先が続く: --after "})) + text_of(*next));
}

std::string size_text(std::uint64_t octets) {
  return octets < 10'000 ? std::to_string(octets) + " B" : octets < 10'000'000 ? std::to_string(octets / 1'000) + " kB" : std::to_string(octets / 1'000'000) + " MB";
}

std::string age_text(Duration age) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(age).count());
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

std::string next_text(const Invocation& call, const QueueAccess& queue, WallTime next, WallTime now) {
  if (next > now) return age_text(next - now);
  return std::string(call.say(queue.deliver_runs() ? Words{"now", "今"} : Words{"stopped", "停止中"}));
}

void tell_if_stopped(const Invocation& call, const QueueAccess& queue) {
  if (queue.deliver_runs()) return;
  call.print(call.say({"deliver is stopped: nothing is tried, and no period runs. To go on: hikyaku service start deliver", "deliver は停止中。配送も再送も行われず、期限も進まない。再開するには: hikyaku service start deliver"}));
}

}  // namespace hikyaku::cli
