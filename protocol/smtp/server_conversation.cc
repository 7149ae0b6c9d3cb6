// The frame of a session: lines out of octets, steps in their order, replies, the end.
#include "protocol/smtp/server_conversation.h"

#include "base/check.h"

namespace hikyaku::smtp {

ServerConversation::ServerConversation(std::shared_ptr<const ServerConfig> config, PeerFacts peer)
    : config_(std::move(config)), peer_(std::move(peer)) {
  out_ = "220 " + config_->our_name + (config_->role == Role::Lmtp ? " LMTP" : " ESMTP") + " Hikyaku\r\n";
}

const Envelope& ServerConversation::envelope() const {
  static const Envelope none;
  return transaction_ ? transaction_->envelope : none;
}

SessionKind ServerConversation::kind() const {
  return {config_->role, extended_, peer_.tls.has_value(), !account_.empty(), envelope().smtputf8};
}

void ServerConversation::receive(std::string_view octets) {
  check(input_.empty(), "input is given when it was asked for");
  input_given_ = true;
  if (partial_.empty()) {
    input_ = octets;
  } else {
    partial_.append(octets);
    input_ = partial_;
  }
}

ServerStep ServerConversation::next() {
  check(awaiting_ == Awaiting::Nothing || !queued_.empty(), "the question asked is answered first");
  for (;;) {
    if (!queued_.empty()) {
      // The client must have heard our "go ahead" before TLS begins.
      if (std::holds_alternative<server::StartTls>(queued_.front()) && !out_.empty())
        return server::Send{std::exchange(out_, {})};
      ServerStep step = std::move(queued_.front());
      queued_.erase(queued_.begin());
      return step;
    }
    if (phase_ == Phase::Closing) {
      if (!out_.empty()) return server::Send{std::exchange(out_, {})};
      closed_ = true;
      return server::Close{};
    }
    std::optional<ServerStep> step;
    if (phase_ == Phase::Data) {
      step = read_data();
    } else if (phase_ == Phase::Chunk) {
      step = read_chunk();
    } else if (std::string_view line; take_line(line)) {
      obey(line);
    } else if (!dropping_line_ || !drop_long_line()) {
      step = need_input();
    }
    if (step) return *std::move(step);
  }
}

// The input is used up but for the beginning of a line, which is kept.
std::optional<ServerStep> ServerConversation::need_input() {
  if (!out_.empty()) return server::Send{std::exchange(out_, {})};
  // An idle connection holds no buffer; asking twice changes nothing.
  if (std::exchange(input_given_, false)) partial_ = std::string(input_);
  input_ = {};
  return server::NeedInput{};
}

// RFC 5321 §4.5.3.1.4, RFC 4954 §4. While the line is not complete, the longest kind that it may still become counts.
std::size_t ServerConversation::longest_line(std::string_view line) const {
  const Limits& limits = config_->limits;
  if (phase_ == Phase::AuthResponse || starts_with_ignoring_case(line, "AUTH ")) return limits.auth_line_octets;
  if (starts_with_ignoring_case(line, "MAIL ") || starts_with_ignoring_case(line, "RCPT "))
    return limits.parameter_line_octets;
  return limits.command_line_octets;
}

// The rest of a line that was too long is dropped, unseen; it is answered at its end. False: it has not come yet.
bool ServerConversation::drop_long_line() {
  const auto lf = input_.find('\n');
  input_ = lf == std::string_view::npos ? std::string_view{} : input_.substr(lf + 1);
  if (lf == std::string_view::npos) return false;
  dropping_line_ = false;
  if (phase_ != Phase::AuthResponse) return refuse({500, {5, 5, 2}, "Line too long"}), true;
  cancel_auth({500, {5, 5, 6}, "Line too long"});
  return true;
}

// One line with its end, or nothing when the rest has not come yet.
bool ServerConversation::take_line(std::string_view& line) {
  const auto lf = input_.find('\n');
  const auto length = lf == std::string_view::npos ? input_.size() : lf + 1;
  if (length > longest_line(input_.substr(0, 8))) dropping_line_ = true;
  if (dropping_line_ || lf == std::string_view::npos) return false;
  line = input_.substr(0, length);
  input_.remove_prefix(length);
  return true;
}

void ServerConversation::obey(std::string_view line) {
  // RFC 5321 §2.3.8: a line ends with CRLF, and neither CR nor LF means anything elsewhere.
  const bool sound = line.ends_with("\r\n") && line.find('\r') == line.size() - 2 && !line.contains('\0');
  if (!sound) {
    if (phase_ == Phase::AuthResponse)
      return cancel_auth({500, {5, 5, 2}, "A response ends with CR LF and holds no other control character"});
    return refuse({500, {5, 5, 2}, "A command line ends with CR LF and holds no other control character"});
  }
  line.remove_suffix(2);
  if (overheard_) tell_command(line);
  if (phase_ == Phase::AuthResponse) return auth_response(line);
  if (++idle_commands_ > config_->limits.idle_commands)
    return say_goodbye({421, {4, 7, 0}, config_->our_name + " Too many commands without a message"});
  obey(split_command(line));
}

void ServerConversation::reply(const Reply& given) {
  if (given.code >= 400) last_refusal_ = given.line(); else last_refusal_.clear();
  const auto wire = given.wire();
  if (overheard_) tell_replies(wire);
  out_ += wire;
}

// The words after a mechanism's name, and the answers to challenges, are or hold a password. So may a line that is no
// command: who is refused at AUTH may have sent the answers already.
void ServerConversation::tell_command(std::string_view line) const {
  if (phase_ == Phase::AuthResponse) return overheard_(Speaker::Client, "(response)");
  if (split_command(line).verb == Verb::Unknown) return overheard_(Speaker::Client, "(no command)");
  if (!starts_with_ignoring_case(line, "AUTH ")) return overheard_(Speaker::Client, line);
  const auto mechanism = line.find_first_not_of(' ', 4);
  const auto end = mechanism == std::string_view::npos ? mechanism : line.find(' ', mechanism);
  if (end == std::string_view::npos) return overheard_(Speaker::Client, line);
  overheard_(Speaker::Client, std::string(line.substr(0, end)) + " (response)");
}

void ServerConversation::tell_replies(std::string_view wire) const {
  while (!wire.empty()) {
    const auto end = std::min(wire.find("\r\n"), wire.size());
    overheard_(Speaker::Server, wire.substr(0, end));
    wire.remove_prefix(std::min(end + 2, wire.size()));
  }
}

void ServerConversation::refuse(Reply given) {
  if (given.code == 421) return say_goodbye(given);
  if (given.is_permanent() && ++errors_ > config_->limits.errors)
    return say_goodbye({421, {4, 7, 0}, config_->our_name + " Too many errors"});
  reply(given);
}

void ServerConversation::say_goodbye(const Reply& given) {
  reply(given);
  end_transaction();
  input_ = {};
  partial_.clear();
  phase_ = Phase::Closing;
}

void ServerConversation::end(EndReason why) {
  if (phase_ == Phase::Closing) return;
  std::erase_if(queued_, [](const ServerStep& step) { return !std::holds_alternative<server::AbortMessage>(step); });
  awaiting_ = Awaiting::Nothing;
  const std::string& name = config_->our_name;
  switch (why) {
    case EndReason::Idle: return say_goodbye({421, {4, 4, 2}, name + " Nothing heard for too long, closing"});
    case EndReason::TooLong: return say_goodbye({421, {4, 4, 2}, name + " The connection has lasted too long, closing"});
    case EndReason::Shutdown: return say_goodbye({421, {4, 3, 2}, name + " Service closing, come back soon"});
    case EndReason::Trouble: return say_goodbye({421, {4, 3, 0}, name + " Internal trouble, come back later"});
  }
}

void ServerConversation::tls_started(TlsFacts facts) {
  // Asked for by STARTTLS, or the stream was TLS before our greeting left.
  check(awaiting_ == Awaiting::Tls || (helo_.empty() && !out_.empty()), "TLS was asked for");
  awaiting_ = Awaiting::Nothing;
  // RFC 3207 §4.2: everything heard before is forgotten.
  end_transaction();
  helo_.clear();
  account_.clear();
  extended_ = false;
  peer_.tls = std::move(facts);
}

std::string turned_away(std::string_view our_name, std::string_view why) {
  return Reply{421, {4, 7, 0}, std::string(our_name) + ' ' + std::string(why)}.wire();
}

}  // namespace hikyaku::smtp
