#include "protocol/smtp/scripted_world.h"

#include <algorithm>

#include "base/check.h"

namespace hikyaku::smtp {
namespace {
const std::vector<sasl::Mechanism> all_mechanisms{sasl::Mechanism::ScramSha256Plus, sasl::Mechanism::ScramSha256,
                                                  sasl::Mechanism::Plain, sasl::Mechanism::Login};
const WallTime started{std::chrono::seconds{1'700'000'000}};  // 2023-11-14T22:13:20Z
const TlsFacts test_tls{"TLSv1.3 TLS_AES_256_GCM_SHA384", true};

PeerFacts test_peer(WorldTls tls) {
  PeerFacts peer{.client_address = "192.0.2.7", .mechanisms = all_mechanisms};
  if (tls == WorldTls::FromTheStart) peer.tls = test_tls;
  return peer;
}
}  // namespace

ServerConfig test_config() { return {.our_name = "mx.here.example"}; }

TimeOffers test_times() {
  return {.priority = true, .priority_policy = "MIXER", .most_urgent = 6, .longest_hold = 24h, .deliver_by = true, .shortest_by = 30s};
}

ScriptedWorld::ScriptedWorld(ServerConfig config, WorldTls tls)
    : talk(std::make_shared<const ServerConfig>(std::move(config)), test_peer(tls)) {
  talk.at(started);
}

std::string ScriptedWorld::say(std::string_view octets) {
  std::string said = run();
  if (closed) return said;
  given_ = octets;
  talk.receive(given_);
  return said + run();
}

std::string ScriptedWorld::run() {
  std::string said;
  while (!closed) {
    ServerStep step = talk.next();
    if (std::holds_alternative<server::NeedInput>(step)) break;
    if (auto* send = std::get_if<server::Send>(&step)) said += send->bytes;
    if (std::holds_alternative<server::StartTls>(step)) ++tls_handshakes, talk.tls_started(test_tls);
    if (auto* auth = std::get_if<server::Authenticate>(&step)) take(std::move(*auth));
    if (auto* sender = std::get_if<server::CheckSender>(&step))
      talk.sender_checked(sender->reverse_path.address.domain == "evil.example" ? Verdict{Reply{550, {5, 7, 1}, "Not you"}} : Verdict{});
    if (auto* flush = std::get_if<server::Flush>(&step))
      talk.flush_answered({250, {2, 0, 0}, (flush->of.subdomains ? "@" : "") + flush->of.domain});
    if (auto* recipient = std::get_if<server::CheckRecipient>(&step)) take(*recipient);
    if (std::holds_alternative<server::BeginMessage>(step)) {
      check(!text_open_, "one text at a time");
      text_open_ = true;
      text_.clear();
    }
    if (auto* content = std::get_if<server::AppendContent>(&step)) {
      check(text_open_ && !content->octets.empty(), "text comes between its begin and its end");
      text_ += content->octets;
    }
    if (std::holds_alternative<server::AbortMessage>(step)) {
      check(text_open_, "what is aborted was begun");
      text_open_ = false;
      ++aborted;
    }
    if (auto* commit = std::get_if<server::CommitMessage>(&step)) take(std::move(*commit));
    if (std::holds_alternative<server::Close>(step)) closed = true;
  }
  output += said;
  return said;
}

void ScriptedWorld::take(const server::CheckRecipient& step) {
  const auto& [local_part, domain] = step.recipient;
  const bool here = domain == local_domain || domain.empty();
  if (here ? std::ranges::find(locals, local_part) != locals.end() : !talk.account().empty()) return talk.recipient_checked({});
  talk.recipient_checked(here ? Reply{550, {5, 1, 1}, "No such user"} : Reply{550, {5, 7, 1}, "Relaying denied"});
}

void ScriptedWorld::take(server::CommitMessage step) {
  check(text_open_, "what is committed was begun");
  text_open_ = false;
  const TraceId id{1, 1, 1, messages.size() + 1};
  step.envelope.id = id;
  const auto verdict_on = [each = talk.answers_each_recipient()](std::string_view who) -> Verdict {
    if (each && who == "full") return Reply{452, {4, 2, 2}, "Mailbox full"};
    if (each && who == "strict") return Reply{550, {5, 7, 1}, "Not wanted"};
    return std::nullopt;
  };
  std::vector<Verdict> verdicts;
  for (const auto& recipient : step.envelope.recipients)
    verdicts.push_back(verdict_on(recipient.address.local_part));
  messages.push_back({std::move(step.envelope), std::move(text_)});
  talk.recipients_settled(id, verdicts);
}

void ScriptedWorld::take(server::Authenticate step) {
  using Phase = server::Authenticate::Phase;
  if (step.phase == Phase::Cancel) return exchange_.reset();
  if (step.phase == Phase::Respond) return answer(exchange_->respond(*step.octets));
  sasl::ServerContext context{.server_nonce = "servernonceservernonce"};
  if (talk.tls()) context.channel_binding = sasl::ChannelBinding{.data = std::string(32, 'x')};
  exchange_.emplace(step.mechanism, std::move(context));
  answer(exchange_->start(step.octets ? std::optional<std::string_view>(*step.octets) : std::nullopt));
}

void ScriptedWorld::answer(sasl::ServerStep step) {
  if (auto* ask = std::get_if<sasl::CheckPassword>(&step))
    step = exchange_->password_checked(ask->user == user && ask->password == password ? sasl::PasswordVerdict::Right
                                                                                       : sasl::PasswordVerdict::Wrong);
  if (auto* find = std::get_if<sasl::FindKeys>(&step))
    step = exchange_->keys_found(find->user == user ? *sasl::derive_scram_keys(password, "0123456789abcdef", 4096)
                                                    : sasl::fake_scram_keys("secret", find->user, 4096));
  if (auto* challenge = std::get_if<sasl::Challenge>(&step)) return talk.auth_challenge(challenge->octets);
  if (auto* accepted = std::get_if<sasl::Accepted>(&step)) return talk.auth_accepted(accepted->user);
  const auto why = std::get<sasl::Refused>(step).why;
  talk.auth_refused(why == sasl::RefusedBecause::Malformed ? Reply{501, {5, 5, 2}, "Malformed response"}
                                                           : Reply{535, {5, 7, 8}, "Wrong name or password"});
}

}  // namespace hikyaku::smtp
