#include "services/delivery/onward/onward.h"

#include "services/delivery/onward/expansion.h"
#include "services/delivery/onward/list_text.h"
#include "services/directory/address_text.h"
#include "services/directory/mailing_list.h"

namespace hikyaku::delivery {
namespace {

using directory::ListRole;
using directory::MailingList;
using directory::PostVerdict;

const MailingList* find_list(const directory::Snapshot& directory, const std::string& name) {
  const auto address = directory::parse_address(name);
  return address ? directory.list(*address) : nullptr;
}

class Maker {
 public:
  Maker(const OnwardContext& context, const Envelope& of, std::uint32_t recipient, std::string_view text)
      : context_(context), of_(of), from_(of.recipients.at(recipient)), text_(text) {}

  void alias(ToTargets plan) { to_addresses(std::move(plan.targets), "alias", Flags::AliasesDone, text_); }

  // The forward of somebody who had the mail before would send it round again: it stays.
  void forward(ToForwards plan) {
    if (was_delivered_to(plan.through, text_)) plan = ToForwards{{}, {plan.through.front()}, {}};
    const auto copies = plan.mailboxes.size() + plan.targets.size();
    std::vector<Recipient> kept;
    for (auto& mailbox : plan.mailboxes) {
      kept.push_back(passed_on(from_, std::move(mailbox), copies));
      kept.back().aliases_done = kept.back().forwards_done = true;
    }
    add(without_recipients(of_), "kept", std::move(kept), text_);
    if (!plan.targets.empty()) to_addresses(std::move(plan.targets), "forward", Flags::None, forwarded_text(plan.through, text_), copies);
  }

  void list(const MailingList& list, PostVerdict duty) {
    if (went_through_list(list, text_)) {
      made_.refused = CannotDeliver{"5.4.6", "The mail went through the list " + list.address + " before; it would go round for ever."};
      return;
    }
    if (duty == PostVerdict::ToOwners || is_automatic_answer(text_))
      return to_addresses({*directory::parse_address(directory::list_role_address(list.address, ListRole::Owner))}, "owners", Flags::None, text_);
    if (duty == PostVerdict::ToModerators) return to_moderators(list);
    // RFC 3461 §5.2.7.1: a mail of its own, which brings nothing of what the poster asked to be told. RFC 5321 §3.9.2.
    Envelope start = without_recipients(of_);
    start.reverse_path.address = *directory::parse_address(directory::bounce_address(list));
    start.envelope_id.clear();
    start.return_content = ReturnContent::NotGiven;
    start.deliver_by.reset();
    start.client_address.clear();
    start.client_helo.clear();
    std::vector<Recipient> members;
    members.reserve(list.members.size());
    for (const auto& member : list.members)
      if (auto address = directory::parse_address(member)) members.push_back({std::move(*address), {}, {}});
    if (members.empty()) {
      made_.refused = CannotDeliver{"5.2.4", "The list " + list.address + " has no members."};  // RFC 3463 X.2.4
      return;
    }
    made_.is_delivered = true;
    add(start, "list", std::move(members), list_text(list, text_));
  }

  // The directory may have changed since the plan: a recipient that becomes no mail at all would be one that is lost.
  OnwardMails take() {
    if (made_.mails.empty() && !made_.refused) made_.refused = CannotDeliver{"5.1.1", "The address " + from_.address.text() + " leads to nobody."};
    return std::move(made_);
  }

 private:
  enum class Flags : std::uint8_t { None, AliasesDone };

  void to_moderators(const MailingList& list) {
    std::vector<Address> moderators;
    for (const auto& poster : list.posters)
      if (auto address = directory::parse_address(poster)) moderators.push_back(std::move(*address));
    to_addresses(std::move(moderators), "moderators", Flags::None, "X-List-Moderation: resend to " + list.address + "\r\n" + std::string(text_));
  }

  [[nodiscard]] bool is_ours(const Address& address) const { return context_.directory.domain(address.domain) != nullptr; }

  // The reverse-path of what goes elsewhere, where it is another one.
  [[nodiscard]] std::optional<Address> rewritten() const {
    const auto& routing = context_.routing;
    if (routing.rewrite_senders == RoutingSettings::RewriteSenders::No || !routing.srs) return std::nullopt;
    if (of_.reverse_path.is_null() || is_ours(of_.reverse_path.address)) return std::nullopt;
    return srs::rewrite(of_.reverse_path.address, from_.address.domain, *routing.srs, context_.now);
  }

  void to_addresses(std::vector<Address> targets, std::string_view kind, Flags flags, std::string_view text, std::size_t copies = 0) {
    if (copies == 0) copies = targets.size();
    const auto other_sender = rewritten();
    std::vector<Recipient> here, elsewhere;
    for (auto& target : targets) {
      auto& to = other_sender && !is_ours(target) ? elsewhere : here;
      to.push_back(passed_on(from_, std::move(target), copies));
      to.back().aliases_done = flags == Flags::AliasesDone;
    }
    Envelope start = without_recipients(of_);
    add(start, kind, std::move(here), text);
    if (elsewhere.empty()) return;
    start.reverse_path.address = *other_sender;
    add(start, std::string(kind) + ", elsewhere", std::move(elsewhere), text);
  }

  void add(const Envelope& start, std::string_view kind, std::vector<Recipient> recipients, std::string_view text) {
    for (auto& envelope : in_parts(start, of_, from_.address, kind, std::move(recipients), context_.generated_journal)) {
      envelope.body_octets = text.size();
      made_.mails.push_back({std::move(envelope), std::string(text)});
    }
  }

  const OnwardContext& context_;
  const Envelope& of_;
  const Recipient& from_;
  const std::string_view text_;
  OnwardMails made_;
};

}  // namespace

std::size_t copies_of(const directory::Snapshot& directory, const OnwardPlan& plan) {
  if (const auto* alias = std::get_if<ToTargets>(&plan)) return alias->targets.size();
  if (const auto* forward = std::get_if<ToForwards>(&plan)) return forward->mailboxes.size() + forward->targets.size();
  const auto& post = std::get<ToList>(plan);
  const auto* list = find_list(directory, post.list);
  if (list == nullptr) return 0;
  return post.duty == PostVerdict::ToMembers ? std::max<std::size_t>(list->members.size(), 1) : list->posters.size() + 1;
}

OnwardMails make_onward(const OnwardContext& context, const Envelope& of, std::uint32_t recipient, OnwardPlan plan, std::string_view text) {
  Maker maker(context, of, recipient, text);
  if (auto* alias = std::get_if<ToTargets>(&plan)) maker.alias(std::move(*alias));
  else if (auto* forward = std::get_if<ToForwards>(&plan)) maker.forward(std::move(*forward));
  else {
    const auto& post = std::get<ToList>(plan);
    const auto* list = find_list(context.directory, post.list);
    if (list == nullptr) return {{}, CannotDeliver{"5.1.1", "There is no such user here."}};  // removed meanwhile
    maker.list(*list, post.duty);
  }
  return maker.take();
}

}  // namespace hikyaku::delivery
