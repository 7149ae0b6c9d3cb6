// The Authenticated Received Chain (RFC 8617): what each server on the way found out about a message, each set of three fields
// sealed by who wrote it, so that a receiver can judge mail that a list or a forward has changed. This is the validation of
// such a chain (§5.2). Pure: keys are asked for through the caller, all at once, as with dkim::Verification.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "protocol/dkim/verification.h"

namespace hikyaku::arc {

inline constexpr unsigned most_instances = dkim::most_arc_fields;  // §4.2.1

enum class Status : std::uint8_t { None, Pass, Fail };
[[nodiscard]] std::string_view status_name(Status status);  // "none"

// One set, as far as it can be read. Fields point into the message.
struct Set {
  const mime::HeaderField *results = nullptr, *message_signature = nullptr, *seal = nullptr;
};

// What an ARC-Seal says (§4.1.3).
struct Seal {
  dkim::Algorithm algorithm = dkim::Algorithm::RsaSha256;
  unsigned instance = 0;
  Status status = Status::None;  // cv=
  std::string domain, selector, octets;
};
// The error is one short reason.
[[nodiscard]] Result<Seal, std::string> parse_seal(std::string_view value);
// i= at the start of ARC-Authentication-Results (§4.1.1); `rest` is what follows its semicolon. 0: there is none.
[[nodiscard]] unsigned parse_results_instance(std::string_view value, std::string_view& rest);

struct Verdict {
  Status status = Status::None;
  std::string reason;      // of Fail
  bool temporary = false;  // a key could not be had: later it may pass
  unsigned highest = 0;    // instance seen, also of a broken chain
  bool ended = false;      // the newest seal says cv=fail: nobody adds to it (§5.1)
  std::vector<std::string> sealers;  // d= of the seals, from the first; of Pass
  // The oldest instance whose message signature still verifies, all younger ones too; 0: all do, so nobody changed what they
  // sign. Of Pass, where it was asked for.
  std::optional<unsigned> oldest_pass;
};

// RFC 8617 §5.2 step 5: one more key operation for each older set, and its key, which is mostly that of its seal.
enum class OldestPass : std::uint8_t { NotLookedFor, Wanted };

class Verification {
 public:
  // `message` must have its header, and outlives this, as `keys` do.
  explicit Verification(const dkim::Message& message, OldestPass oldest_pass = OldestPass::NotLookedFor, dkim::ReadKeys* keys = nullptr);
  // Each once; at most 51, or 100 with OldestPass::Wanted.
  [[nodiscard]] const std::vector<std::string>& key_names() const { return key_names_; }
  void answer(const std::string& name, dkim::KeyAnswer answer) { answers_[name] = std::move(answer); }
  // Needs the message's end and an answer for each name. Cost: the ARC fields once, and one to three key operations a seal.
  [[nodiscard]] Verdict verdict() const;
  // For who seals a chain that was judged when it came: what was told then, and the places of this message. Asks for no key.
  [[nodiscard]] Verdict verdict_as_told(Status told) const;
  // From the first; complete only when the chain is.
  [[nodiscard]] const std::vector<Set>& sets() const { return sets_; }

 private:
  void gather();
  void read_seals();
  [[nodiscard]] Verdict failed(std::string reason) const;
  void ask(std::string name);
  [[nodiscard]] dkim::Judgement judge_signature(const dkim::Signature& signature, const mime::HeaderField& field) const;
  [[nodiscard]] unsigned find_oldest_pass() const;
  [[nodiscard]] dkim::Judgement judge_seal(std::size_t place, const dkim::Digest& digest) const;

  const dkim::Message& message_;
  dkim::ReadKeys* keys_;
  std::vector<Set> sets_;
  OldestPass oldest_pass_;
  std::vector<Seal> seals_;
  dkim::Signature newest_;                             // ARC-Message-Signature of the last set
  std::vector<std::optional<dkim::Signature>> older_;  // of the sets before it, if wanted; nothing: it cannot be read
  std::string problem_;     // of the structure: found before any key is asked for
  unsigned highest_ = 0;
  bool ended_ = false;
  std::vector<std::string> key_names_;
  std::map<std::string, dkim::KeyAnswer> answers_;
};

}  // namespace hikyaku::arc
