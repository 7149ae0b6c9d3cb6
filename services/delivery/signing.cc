// Signatures of what leaves (DKIM): made before the next hop is spoken to, so that no connection waits for them.
#include "protocol/dkim/message.h"
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::uint64_t at_once_octets = 64 << 10;  // hashed on the loop; some 0.1 ms
constexpr std::uint64_t piece_octets = 256 << 10;
constexpr auto signer_pause = std::chrono::seconds{2};

// Blocks. The trouble, or nothing when the message has all of the text.
std::optional<spool::SpoolError> feed_all(spool::TextReader& text, std::uint64_t octets, dkim::Message& message) {
  for (std::uint64_t at = 0; at < octets;) {
    auto piece = text.next(piece_octets);
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return spool::SpoolError{spool::SpoolFailure::Broken, "the text is shorter than it was"};
    at += piece->size();
    message.feed(*piece);
  }
  message.end();
  return std::nullopt;
}

}  // namespace

Task<bool> Delivery::feed_text(const Message& mail, dkim::Message& message) {
  const auto octets = mail.envelope.body_octets;
  if (octets <= at_once_octets)
    if (const auto whole = parts_.spool.text_at_hand(mail.ref, octets)) {
      message.feed(*whole);
      message.end();
      co_return true;
    }
  const auto text = parts_.spool.text(mail.ref, octets);
  auto work = parts_.workers.run(parts_.loop, [&] { return feed_all(*text, octets, message); });
  const auto ran = co_await std::move(work);
  co_return ran && !*ran;
}

Task<std::optional<std::string>> Delivery::signed_above(const RemoteJob& job, Slot slot, CauseWatch& watch) {
  if (parts_.signer == nullptr) co_return std::string{};
  watch.turn(Cause::Signing);
  const MessagePointer message = job.message;
  const signing::OutgoingSigner::Feed feed = [this, &message](dkim::Message& into) { return feed_text(*message, into); };
  const auto networks = settings_.routing.relay_networks;
  auto signing = parts_.signer->sign(parts_.directory.newest(), message->envelope, networks, parts_.hostname, feed);
  auto copy = co_await std::move(signing);
  if (const auto since = parts_.signer->came_back()) parts_.ledger.add_pause(*since, parts_.clock.wall());
  watch.turn(Cause::Disk);
  using State = signing::SignedCopy::State;
  // A text that cannot be read is found out, and dealt with, where it is sent.
  if (copy.state != State::Away && copy.state != State::NoKey) co_return std::move(copy.fields);
  if (parts_.loop.stopping()) co_return std::nullopt;
  if (settings_.unsigned_while_away) {
    parts_.log.write(telemetry::events::mail_unsigned, {.message = message->ref.id, .reason = copy.state == State::Away ? "the service signer does not sign" : "the key of its domain is lost"});
    co_return std::string{};
  }
  // Our own trouble: nobody's attempt, and no time passes (came_back() above).
  scheduler_.pause(slot.destination, parts_.clock.wall() + signer_pause, Cause::Signing);
  scheduler_.add_rest(slot, job);
  co_return std::nullopt;
}

}  // namespace hikyaku::delivery
