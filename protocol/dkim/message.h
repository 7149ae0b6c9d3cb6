// A message as its signatures see it: the header whole, the body only as the hashes that DKIM-Signature and
// ARC-Message-Signature fields ask for. Fed in chunks of any size, split anywhere; a body of any length costs one pass for each
// different hash and no memory. DKIM and ARC verification and signing read one and the same Message. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dkim/canonical.h"
#include "protocol/dkim/keys.h"
#include "protocol/dkim/signature.h"
#include "protocol/mime/header.h"

namespace hikyaku::dkim {

struct BodyTerms {
  Form form = Form::Simple;
  std::optional<std::uint64_t> octets;  // l=: only so many of the canonical body count
  friend bool operator==(const BodyTerms&, const BodyTerms&) = default;
};

struct BodyHash {
  Digest digest{};
  std::uint64_t canonical_octets = 0;  // of the whole body, whatever l= says
};

// The canonical form of a body through SHA-256, both in chunks.
class BodyHasher {
 public:
  explicit BodyHasher(BodyTerms terms);
  ~BodyHasher();
  BodyHasher(BodyHasher&&) noexcept;
  BodyHasher& operator=(BodyHasher&&) noexcept;
  void feed(std::string_view chunk);
  [[nodiscard]] BodyHash finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The fields of a header, found by name from the last to the first (RFC 6376 §5.4.2). The text must stay.
class FieldIndex {
 public:
  FieldIndex() = default;
  explicit FieldIndex(std::string_view header);
  [[nodiscard]] const std::vector<mime::HeaderField>& fields() const { return fields_; }

  // The fields a list of names means, in its order: each further mention of a name takes the next field above, and none
  // when all are taken. `self` is never taken. Cost: names times the logarithm of the fields.
  [[nodiscard]] std::vector<const mime::HeaderField*> select(const std::vector<std::string>& lower_names, const mime::HeaderField* self) const;
  // Of that name, from the top, at most so many; and how many there are.
  [[nodiscard]] std::vector<const mime::HeaderField*> first(std::string_view lower_name, std::size_t most) const;
  [[nodiscard]] std::size_t count(std::string_view lower_name) const;
  // The first line continues nothing: a field put above it would swallow it.
  [[nodiscard]] bool starts_folded() const { return !fields_.empty() && (fields_.front().whole[0] == ' ' || fields_.front().whole[0] == '\t'); }

 private:
  struct Entry {
    std::string lower_name;
    std::uint32_t field = 0;
  };
  std::vector<mime::HeaderField> fields_;
  std::vector<Entry> by_name_;  // sorted by name, then place
};

struct MessageLimits {
  std::size_t most_header_octets = 1 << 20;
  std::size_t most_header_lines = 20'000;   // more are as good as too long: each costs a hundred octets of index
  std::size_t most_signatures = 8;  // DKIM-Signature fields that are looked at, from the top
};
inline constexpr std::size_t most_arc_fields = 50;      // of each kind (RFC 8617 §4.2.1)
inline constexpr std::size_t most_arc_body_hashes = 3;  // different ones, from the newest

// A DKIM-Signature field, read.
struct SignatureField {
  const mime::HeaderField* field = nullptr;
  Signature signature;  // with a problem: as far as it could be read
  std::string problem;  // why it cannot be judged; empty: it can
};

class Message {
 public:
  // `also`: what a signer needs, besides what the signatures in the message ask for.
  explicit Message(MessageLimits limits = {}, std::vector<BodyTerms> also = {});
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  void feed(std::string_view chunk);
  void end();

  // The fields are there, the names of keys can be asked for.
  [[nodiscard]] bool header_ended() const { return state_ != State::Header; }
  [[nodiscard]] bool ended() const { return state_ == State::Ended; }
  // The header is longer than the limit: it is not kept, no signature can be judged, and fields() is empty.
  [[nodiscard]] bool header_too_long() const { return header_too_long_; }
  [[nodiscard]] const FieldIndex& fields() const { return fields_; }
  // From the top, no more than the limit.
  [[nodiscard]] const std::vector<SignatureField>& signatures() const { return signatures_; }
  [[nodiscard]] const MessageLimits& limits() const { return limits_; }
  // Of what was asked for, after end().
  [[nodiscard]] const BodyHash* body_hash(const BodyTerms& terms) const;

 private:
  enum class State : std::uint8_t { Header, Body, Ended };
  struct Wanted {
    BodyTerms terms;
    BodyHasher hasher;
    BodyHash hash;
  };
  std::string_view feed_header(std::string_view chunk);
  void keep(std::string_view piece);
  void end_header();
  void want(const BodyTerms& terms);

  MessageLimits limits_;
  State state_ = State::Header;
  bool header_too_long_ = false;
  std::string header_;
  std::string line_head_;  // the first octets of the header's last line, which tell when it is empty
  FieldIndex fields_;
  std::vector<SignatureField> signatures_;
  std::vector<Wanted> wanted_;
};

}  // namespace hikyaku::dkim
