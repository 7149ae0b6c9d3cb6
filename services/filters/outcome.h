// Outcome: what all filters at the end of a text say together. Who refuses or puts off ends it; quarantine is remembered while the others are asked, since a
// refusal tells the sender more. What is said of one recipient alone is about that copy: refused where the client hears of it, else kept back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/envelope.h"
#include "services/filters/heard.h"

namespace hikyaku::filters {

class Outcome {
 public:
  // False: the chain ends here. Trouble has become another kind before: by the setting of whoever was asked.
  [[nodiscard]] bool take(const Heard& heard) {
    if (heard.kind == Heard::Kind::Quarantine) add(heard.why, quarantine_);
    if (heard.kind == Heard::Kind::Refuse || heard.kind == Heard::Kind::Defer) against_ = heard.reply;
    return !against_;
  }
  // Only this recipient's copy is kept back: a verdict on one is none on the others.
  void keep_back(const std::string& recipient, std::string why) { apart_.push_back({recipient, std::move(why)}); }

  // Of a client that is answered for each recipient. The first reply counts.
  void refuse(const std::string& recipient, smtp::Reply reply) { refused_.try_emplace(recipient, std::move(reply)); }
  [[nodiscard]] const smtp::Reply* refused(const std::string& recipient) const {
    const auto found = refused_.find(recipient);
    return found == refused_.end() ? nullptr : &found->second;
  }
  // How many were taken out.
  std::size_t take_out_refused(Envelope& envelope) const {
    if (refused_.empty()) return 0;
    return std::erase_if(envelope.recipients, [this](const Recipient& one) { return refused(one.address.text()) != nullptr; });
  }

  [[nodiscard]] const std::optional<smtp::Reply>& against() const { return against_; }
  [[nodiscard]] const std::string& quarantine() const { return quarantine_; }  // why; empty: no

  // Takes those kept back out of the envelope; nothing: none is, or it is all of them (then quarantine() says why).
  [[nodiscard]] std::optional<Envelope> take_apart(Envelope& envelope, std::string& why) {
    Envelope kept_back = envelope;
    kept_back.recipients.clear();
    why.clear();
    std::erase_if(envelope.recipients, [&](Recipient& one) {
      const auto text = one.address.text();
      for (const auto& apart : apart_) {
        if (apart.recipient != text) continue;
        if (why.find(apart.why) == std::string::npos) add(apart.why, why);
        kept_back.recipients.push_back(std::move(one));
        return true;
      }
      return false;
    });
    if (kept_back.recipients.empty()) return std::nullopt;
    if (!envelope.recipients.empty()) return kept_back;
    envelope.recipients = std::move(kept_back.recipients);
    add(why, quarantine_);
    return std::nullopt;
  }

 private:
  static void add(const std::string& why, std::string& to) {
    if (to.size() < most_why_octets * 4) to += (to.empty() ? "" : "; ") + shortened(why, most_why_octets * 4);
  }

  struct Apart {
    std::string recipient, why;
  };
  std::optional<smtp::Reply> against_;
  std::string quarantine_;
  std::vector<Apart> apart_;
  std::map<std::string, smtp::Reply> refused_;
};

}  // namespace hikyaku::filters
