#include "services/directory/auth_protocol.h"

#include "base/wire.h"

namespace hikyaku::directory::auth_protocol {

namespace {

// The first octet of a message; never changes its meaning.
enum class RequestKind : std::uint8_t { Resolve = 1, Rights, SendAs, Begin, Step, Cancel, Login, Redeem, Access, Sent };
enum class ReplyKind : std::uint8_t { Recipient = 1, Rights, SendAs, Challenge, Success, Failure, Temporary, Cancelled, Vouched, TicketRefused, Access };

constexpr std::size_t most_mechanisms = 16;

struct RequestWriter {
  WireWriter out;

  WireWriter& kind(RequestKind kind) { return out.u8(static_cast<std::uint8_t>(kind)); }
  void address(const Address& address) { out.text(address.local_part).text(address.domain); }
  void peer(const PeerContext& peer) {
    out.u8(static_cast<std::uint8_t>(peer.protocol)).u8(static_cast<std::uint8_t>(peer.tls)).text(peer.client_address).text(peer.channel_binding);
  }

  void operator()(const ResolveRequest& request) {
    kind(RequestKind::Resolve).u64(request.account.value());
    address(request.recipient);
    address(request.sender.address);
    out.text(request.client_address);
  }
  void operator()(const RightsRequest& request) { kind(RequestKind::Rights), peer(request.peer); }
  void operator()(const SendAsRequest& request) {
    kind(RequestKind::SendAs).u64(request.account.value());
    address(request.reverse_path.address);
    out.u64(static_cast<std::uint64_t>(request.logged_in.time_since_epoch().count()));
  }
  void operator()(const SentRequest& request) {
    const auto& report = request.report;
    kind(RequestKind::Sent).u64(report.account.value()).text(report.client_address).text(report.client_name).u32(report.recipients).u32(report.refused).u32(report.refused_elsewhere);
  }
  void operator()(const BeginRequest& request) {
    kind(RequestKind::Begin).text(request.mechanism).u8(request.initial_response ? 1 : 0).text(request.initial_response.value_or(""));
    peer(request.peer);
  }
  void operator()(const StepRequest& request) { kind(RequestKind::Step).u64(request.exchange).text(request.response); }
  void operator()(const CancelRequest& request) { kind(RequestKind::Cancel).u64(request.exchange); }
  void operator()(const LoginRequest& request) {
    kind(RequestKind::Login).text(request.user).text(request.password);
    peer(request.peer);
  }
  void operator()(const AccessRequest& request) { kind(RequestKind::Access).u64(request.stamp).u32(request.from); }
  void operator()(const RedeemRequest& request) { kind(RequestKind::Redeem).text(request.ticket).u8(static_cast<std::uint8_t>(request.protocol)); }
};

struct ReplyWriter {
  WireWriter out;

  WireWriter& kind(ReplyKind kind) { return out.u8(static_cast<std::uint8_t>(kind)); }
  void operator()(const RecipientAnswer& reply) {
    kind(ReplyKind::Recipient).u8(static_cast<std::uint8_t>(reply.kind)).u64(reply.version.value()).text(reply.held).u8(static_cast<std::uint8_t>(reply.holds_for)).u8(static_cast<std::uint8_t>(reply.on_inner)).u64(reply.room_octets);
    out.u8(static_cast<std::uint8_t>(reply.ruled_out)).text(reply.ruled_by).u64(reply.most_octets).u32(reply.most_recipients);
  }
  void operator()(const PeerRights& reply) {
    kind(ReplyKind::Rights).u8(reply.may_relay ? 1 : 0).varint(reply.mechanisms.size());
    for (const auto& mechanism : reply.mechanisms) out.text(mechanism);
  }
  void operator()(const SendAsReply& reply) { kind(ReplyKind::SendAs).u8(static_cast<std::uint8_t>(reply.right)).u64(reply.version.value()); }
  void operator()(const ChallengeReply& reply) { kind(ReplyKind::Challenge).u64(reply.exchange).text(reply.bytes); }
  void operator()(const AuthSuccess& reply) {
    kind(ReplyKind::Success).u64(reply.account.value()).text(reply.address).text(reply.final_bytes).text(reply.ticket);
  }
  void operator()(const AuthFailure& reply) { kind(ReplyKind::Failure).u8(static_cast<std::uint8_t>(reply.why)).text(reply.name); }
  void operator()(const TemporaryFailure& reply) { kind(ReplyKind::Temporary).text(reply.what); }
  void operator()(const CancelReply&) { kind(ReplyKind::Cancelled); }
  void operator()(const Vouched& reply) {
    kind(ReplyKind::Vouched).u64(reply.account.value()).text(reply.address).text(reply.client_address);
  }
  void operator()(const AccessPage& reply) { kind(ReplyKind::Access).u64(reply.stamp).text(reply.text).u32(reply.next); }
  void operator()(const TicketRefusedReply&) { kind(ReplyKind::TicketRefused); }
};

std::string text(WireReader& in) { return std::string(in.text()); }

Address address(WireReader& in) {
  Address address;
  address.local_part = in.text();
  address.domain = in.text();
  return address;
}

// Reads an enumerator, `last` being the highest; `good` becomes false for another number.
template <class Enum>
Enum enumerator(WireReader& in, Enum last, bool& good) {
  const auto number = in.u8();
  good &= number <= static_cast<std::uint8_t>(last);
  return static_cast<Enum>(good ? number : 0);
}

PeerContext peer(WireReader& in, bool& good) {
  PeerContext peer;
  peer.protocol = enumerator(in, Protocol::Pop3, good);
  peer.tls = enumerator(in, TlsState::Tls, good);
  peer.client_address = in.text();
  peer.channel_binding = in.text();
  return peer;
}

}  // namespace

std::string encode(const Request& request) {
  RequestWriter writer;
  std::visit(writer, request);
  return std::move(writer.out).bytes();
}

std::string encode(const Reply& reply) {
  ReplyWriter writer;
  std::visit(writer, reply);
  return std::move(writer.out).bytes();
}

std::optional<Request> decode_request(std::string_view bytes) {
  if (bytes.size() > most_octets) return {};
  WireReader in(bytes);
  bool good = true;
  Request request;
  switch (static_cast<RequestKind>(in.u8())) {
    case RequestKind::Resolve: {
      const AccountId account{in.u64()};
      auto recipient = address(in);
      auto sender = address(in);
      request = ResolveRequest{std::move(recipient), ReversePath{std::move(sender)}, account, text(in)};
      break;
    }
    case RequestKind::Rights: request = RightsRequest{peer(in, good)}; break;
    case RequestKind::SendAs: {
      const AccountId account{in.u64()};
      auto from = address(in);
      request = SendAsRequest{account, ReversePath{std::move(from)}, WallTime{std::chrono::microseconds{static_cast<std::int64_t>(in.u64())}}};
      break;
    }
    case RequestKind::Begin: {
      BeginRequest begin;
      begin.mechanism = in.text();
      const auto given = in.u8();
      auto initial = text(in);
      if (given == 1) begin.initial_response = std::move(initial);
      begin.peer = peer(in, good);
      good &= given <= 1;
      request = std::move(begin);
      break;
    }
    case RequestKind::Step: {
      const auto exchange = in.u64();
      request = StepRequest{exchange, text(in)};
      break;
    }
    case RequestKind::Cancel: request = CancelRequest{in.u64()}; break;
    case RequestKind::Login: {
      LoginRequest login;
      login.user = in.text();
      login.password = in.text();
      login.peer = peer(in, good);
      request = std::move(login);
      break;
    }
    case RequestKind::Redeem: {
      RedeemRequest redeem{text(in), {}};
      redeem.protocol = enumerator(in, Protocol::Pop3, good);
      request = std::move(redeem);
      break;
    }
    case RequestKind::Access: {
      const auto stamp = in.u64();
      request = AccessRequest{stamp, in.u32()};
      break;
    }
    case RequestKind::Sent: {
      SentRequest sent;
      auto& report = sent.report;
      report.account = AccountId{in.u64()};
      report.client_address = in.text();
      report.client_name = in.text();
      report.recipients = in.u32();
      report.refused = in.u32();
      report.refused_elsewhere = in.u32();
      request = std::move(sent);
      break;
    }
    default: return {};
  }
  if (!good || !in.complete()) return {};
  return request;
}

std::optional<Reply> decode_reply(std::string_view bytes) {
  if (bytes.size() > most_octets) return {};
  WireReader in(bytes);
  bool good = true;
  Reply reply;
  switch (static_cast<ReplyKind>(in.u8())) {
    case ReplyKind::Recipient: {
      RecipientAnswer answer;
      answer.kind = enumerator(in, RecipientKind::MayNotPost, good);
      answer.version = storage::Version{in.u64()};
      answer.held = in.text();
      answer.holds_for = enumerator(in, RecipientAnswer::HoldsFor::ThisSender, good);
      answer.on_inner = enumerator(in, RecipientAnswer::OnInnerServer::AskHeld, good);
      answer.room_octets = in.u64();
      answer.ruled_out = enumerator(in, RecipientAnswer::RuledOut::HoursOut, good);
      answer.ruled_by = in.text();
      answer.most_octets = in.u64();
      answer.most_recipients = in.u32();
      reply = std::move(answer);
      break;
    }
    case ReplyKind::Rights: {
      PeerRights rights;
      rights.may_relay = in.u8() != 0;
      const auto count = in.varint();
      good &= count <= most_mechanisms;
      for (std::uint64_t i = 0; good && i < count; ++i) rights.mechanisms.push_back(text(in));
      reply = std::move(rights);
      break;
    }
    case ReplyKind::SendAs: {
      const auto right = enumerator(in, SendRight::Over, good);
      reply = SendAsReply{right, storage::Version{in.u64()}};
      break;
    }
    case ReplyKind::Challenge: {
      const auto exchange = in.u64();
      reply = ChallengeReply{exchange, text(in)};
      break;
    }
    case ReplyKind::Success: {
      AuthSuccess success;
      success.account = AccountId{in.u64()};
      success.address = in.text();
      success.final_bytes = in.text();
      success.ticket = in.text();
      reply = std::move(success);
      break;
    }
    case ReplyKind::Failure: {
      const auto why = enumerator(in, AuthFailure::Why::OtherIdentity, good);
      reply = AuthFailure{why, text(in)};
      break;
    }
    case ReplyKind::Temporary: reply = TemporaryFailure{text(in)}; break;
    case ReplyKind::Cancelled: reply = CancelReply{}; break;
    case ReplyKind::Vouched: {
      Vouched vouched;
      vouched.account = AccountId{in.u64()};
      vouched.address = in.text();
      vouched.client_address = in.text();
      reply = std::move(vouched);
      break;
    }
    case ReplyKind::TicketRefused: reply = TicketRefusedReply{}; break;
    case ReplyKind::Access: {
      AccessPage page;
      page.stamp = in.u64();
      page.text = in.text();
      page.next = in.u32();
      reply = std::move(page);
      break;
    }
    default: return {};
  }
  if (!good || !in.complete()) return {};
  return reply;
}

}  // namespace hikyaku::directory::auth_protocol
