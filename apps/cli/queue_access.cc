#include "apps/cli/queue_access.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "apps/cli/data_access.h"
#include "apps/service/data_folders.h"
#include "base/cursor.h"
#include "io/channel.h"

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

io::Task<void> exchange(io::Loop& loop, io::ChannelClient& client, Exchange& both) {
  io::Message message;
  message.octets = both.request;
  auto answer = co_await client.request(std::move(message), loop.after(patience), io::OnLoss::Fail);
  if (answer) both.reply = delivery::decode_queue_reply(answer->octets);
  else both.trouble = answer.error().what;
  loop.stop();
}

std::optional<delivery::QueueReply> ask_deliver(const Invocation& call, const std::string& path, const delivery::QueueRequest& request) {
  io::Loop loop;
  Exchange both{delivery::encode(request), std::nullopt, ""};
  {
    io::ChannelClient client(loop, io::SocketAddress::unix_path(path));
    loop.spawn(exchange(loop, client, both));
    loop.run();
  }
  if (!both.reply) call.fail("deliver did not answer" + (both.trouble.empty() ? "" : " (" + both.trouble + ")") + ". Remedy: hikyaku status shows how it stands; try again.");
  return std::move(both.reply);
}

delivery::QueueReply perform(spool::Spool& spool, const delivery::QueueRequest& request, WallTime now) {
  if (const auto* list = std::get_if<delivery::QueueListRequest>(&request)) return delivery::list_queue(spool, list->filter, list->limit, now);
  if (const auto* retry = std::get_if<delivery::QueueRetryRequest>(&request)) {
    auto retried = delivery::retry_queue(spool, retry->filter, retry->run, now);
    if (!retried) return delivery::QueueRefusal{retried.error().what};
    return delivery::QueueRetryReply{retried->size()};
  }
  if (const auto* asked = std::get_if<delivery::QueueHoldRequest>(&request)) {
    directory::Hold hold;
    hold.scope = asked->scope, hold.pattern = asked->pattern;
    return delivery::count_held(spool, hold);
  }
  return spool.counts();
}

// Mail that was accepted and not read yet counts too: reads what is there.
void read_fresh(spool::Spool& spool) {
  constexpr std::size_t at_once = 10'000;
  for (;;) {
    const auto more = spool.fresh(at_once);
    if (!more || more->empty()) return;
  }
}

std::optional<delivery::QueueReply> ask_spool(Invocation& call, const delivery::QueueRequest& request) {
  if (!enter_data_folder(call)) return std::nullopt;
  const auto settings = call.settings();
  io::PosixDisk disk;
  const SystemClock clock;
  spool::SpoolOptions options;
  options.folder = apps::folder::in(settings->node.data(), apps::folder::spool);
  options.node = static_cast<std::uint16_t>(settings->node.id());
  auto spool = spool::Spool::open(disk, options);
  if (!spool) return call.fail("the queue cannot be opened: " + spool.error().what + ". Remedy: deliver may be starting or stopping; try again."), std::nullopt;
  read_fresh(**spool);
  auto reply = perform(**spool, request, clock.wall());
  if (const auto flushed = (*spool)->flush(); !flushed) return delivery::QueueRefusal{flushed.error().what};
  return reply;
}

}  // namespace

std::optional<delivery::QueueReply> ask_queue(Invocation& call, const delivery::QueueRequest& request) {
  const auto settings = call.settings();
  if (!settings) return std::nullopt;
  const std::string path = apps::folder::in(settings->node.data(), "run/deliver-control.sock");
  return deliver_listens(path) ? ask_deliver(call, path, request) : ask_spool(call, request);
}

std::vector<Option> filter_options() {
  return {{"--id", OptionKind::Value, {"the message with this trace id", "この追跡 ID のメール"}},
          {"--sender", OptionKind::Value, {"from this address; <> for bounces", "この送信者。<> は不達通知"}},
          {"--recipient", OptionKind::Value, {"to this address", "この宛先"}},
          {"--domain", OptionKind::Value, {"to this domain", "この宛先ドメイン"}},
          {"--destination", OptionKind::Value, {"for this next hop", "この配送先"}},
          {"--error", OptionKind::Value, {"whose last reply contains this text", "直前の応答にこの文字列を含む"}},
          {"--older", OptionKind::Value, {"accepted at least this long ago: 2h", "受信からこれ以上経ったもの: 2h"}}};
}

std::optional<delivery::QueueFilter> filter_of(Invocation& call) {
  delivery::QueueFilter filter;
  if (call.has("--id") || call.has("ID")) {
    const std::string text = call.has("ID") ? call.value("ID") : call.value("--id");
    filter.id = TraceId::parse(text);
    if (!filter.id) return call.fail("\"" + text + "\" is no trace id. Remedy: it is in the 250 reply, the Received line and every log line: B and 26 characters."), std::nullopt;
  }
  filter.sender = call.value("--sender"), filter.recipient = call.value("--recipient"), filter.domain = call.value("--domain");
  filter.destination = call.value("--destination"), filter.error = call.value("--error");
  if (call.has("--older")) {
    const auto age = settings::parse_duration(call.value("--older"));
    if (!age) return call.fail("\"" + call.value("--older") + "\" is no duration. Remedy: write 30m, 2h or 3d."), std::nullopt;
    filter.at_least_old = *age;
  }
  return filter;
}

std::string age_text(Duration age) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(age).count());
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

}  // namespace hikyaku::cli
