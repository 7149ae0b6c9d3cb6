// OutgoingSigner: the DKIM-Signature fields of a copy that leaves, one for each active algorithm of its domain, and the ARC set of one that others wrote. The
// text is read once for all; what was made is kept for the next attempt and for the message's other destinations, until the keys change.
//
// relaxed/relaxed; From, To, Subject, Date and the like are signed once more than they are there (RFC 6376 §8.15), so that a
// field added later spoils the signature.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mail/trace_id.h"
#include "protocol/dkim/message.h"
#include "services/signing/choice.h"
#include "services/signing/signer_client.h"
#include "services/telemetry/log.h"

namespace hikyaku::signing {

struct SignedCopy {
  enum class State : std::uint8_t {
    Ready,       // `fields` go above the header; none: this copy is not signed
    Away,        // it should be signed, and signer does not answer
    NoKey,       // signer answers, and has none of the keys that its domain names
    Unreadable,  // the text could not be read
  } state = State::Ready;
  std::string fields;
  std::string domain{};  // NoKey: whose
};

class OutgoingSigner {
 public:
  static constexpr std::size_t most_kept = 4'096;           // some 1,200 octets each
  static constexpr std::size_t most_authors = 20'000;       // of messages that wait for signer
  static constexpr Duration kept_for = std::chrono::hours{12};
  static constexpr Duration shortest_pause = std::chrono::seconds{15}, longest_pause = std::chrono::minutes{10};

  OutgoingSigner(io::Loop& loop, SignerClient& client, telemetry::Log& log, const Clock& clock) : loop_(loop), client_(client), log_(log), clock_(clock) {}

  // Feeds the whole text to the message and ends it; false: it could not be read.
  using Feed = std::function<Task<bool>(dkim::Message& message)>;
  // One copy's fields. `envelope` and `feed` must outlive the task. `authserv_id`: whose Authentication-Results are ours. Without keys, and for what is
  // neither signed nor sealed: no text is read.
  Task<SignedCopy> sign(std::shared_ptr<const directory::Snapshot> directory, const Envelope& envelope, std::span<const io::IpNetwork> relay_networks, std::string authserv_id, const Feed& feed);

  // Since when no copy can be signed; nothing: all is well, as far as known.
  [[nodiscard]] std::optional<WallTime> away_since() const { return away_since_; }
  // The same, and it is over: told once.
  [[nodiscard]] std::optional<WallTime> came_back();
  // Until a copy that was deferred before, and cannot be signed, is looked at again. While signer is away as long as it has been, within the two bounds: a backlog
  // is looked at a few times, not every moment, however long that lasts.
  [[nodiscard]] Duration pause_of_retries(WallTime now) const;

 private:
  using Keys = std::vector<directory::DkimKey>;
  struct Kept {
    std::optional<std::string> author;
    std::vector<std::string> keys;  // by name
    std::string fields;
    Instant made{};
  };
  // Of a message whose author is known: whether signer is needed for it.
  [[nodiscard]] static bool needs_signer(const directory::Snapshot& directory, const Envelope& envelope, Origin origin, const std::optional<std::string>& author);
  [[nodiscard]] bool others_ask() const { return client_.is_away() && client_.somebody_asks(); }
  [[nodiscard]] std::optional<SignedCopy> kept(const directory::Snapshot& directory, const Envelope& envelope, Origin origin);
  Task<SignedCopy> make(std::shared_ptr<const directory::Snapshot> directory, const Envelope& envelope, Origin origin, std::string authserv_id, const Feed& feed);
  Task<Result<std::string, SignedCopy::State>> fields_of(const dkim::Message& message, const Envelope& envelope, const Keys& keys);
  Task<Result<std::string, SignedCopy::State>> seal_of(const dkim::Message& message, const Envelope& envelope, directory::DkimKey key, std::string authserv_id);
  Task<Result<std::vector<Signature>, SignedCopy::State>> ask(std::vector<SignItem> items, SignField field);
  void keep(const TraceId& id, Kept made);
  void went_away();

  io::Loop& loop_;
  SignerClient& client_;
  telemetry::Log& log_;
  const Clock& clock_;
  std::map<TraceId, Kept> kept_;
  std::map<TraceId, std::optional<std::string>> authors_;  // of those that wait for signer: their texts are not read again to learn that they do
  std::set<TraceId> under_way_;
  static constexpr std::chrono::hours told_again{12};
  std::optional<WallTime> away_since_, was_away_since_;
  WallTime told_away_at_{};
};

}  // namespace hikyaku::signing
