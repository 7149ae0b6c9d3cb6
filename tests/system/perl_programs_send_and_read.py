"""Programs in Perl, as operators write them: Net::SMTP submits, Mail::IMAPClient sorts, Net::POP3 fetches, under TLS and in the clear."""
import subprocess

from harness import HANAKO, PASSWORD, TARO, Server, Skip, expect, need, scenario

PROGRAM = r"""
use strict;
use warnings;
use Mail::IMAPClient;
use Net::POP3;
use Net::SMTP;

my ($submission, $imap, $imaps, $pop3, $ca, $from, $to, $password) = @ARGV;
my %tls = (SSL_ca_file => $ca, SSL_verifycn_name => 'localhost');
sub must { my ($what, $outcome, $why) = @_; die "$what: " . ($why // '') . "\n" unless $outcome; return $outcome }

my $smtp = must('connect', Net::SMTP->new('127.0.0.1', Port => $submission, Hello => 'perl.example', Timeout => 60));
must('starttls', $smtp->starttls(%tls));
must('auth', $smtp->auth($from, $password), $smtp->message);
must('MAIL', $smtp->mail($from, Size => 100, Bits => 8, Return => 'HDRS', Envelope => 'a+b'), $smtp->message);
my @taken = $smtp->recipient($to, 'nobody@a.example', { Notify => ['FAILURE', 'DELAY'], ORcpt => "rfc822;$to", SkipBad => 1 });
must('RCPT', "@taken" eq $to, "@taken");
must('DATA', $smtp->data("From: $from\nTo: $to\nSubject: from perl\n\n.one dot\n..two dots\n"), $smtp->message);
must('QUIT', $smtp->quit);

sub until_there { my ($found) = @_; for (1 .. 600) { my @got = $found->(); return @got if @got; select undef, undef, undef, 0.1 } return }

for my $ssl (0, 1) {
  my $c = must('login', Mail::IMAPClient->new(Server => '127.0.0.1', Port => $ssl ? $imaps : $imap, User => $to, Password => $password,
                                              Uid => 1, Peek => 1, $ssl ? (Ssl => [%tls]) : (Starttls => [%tls], Authmechanism => 'PLAIN')), $@);
  my $try = sub { my ($what, $outcome) = @_; must("$what ($ssl)", $outcome, $c->LastError) };
  $try->(select => $c->select('INBOX'));
  my ($uid) = until_there(sub { $c->noop; $c->search('SUBJECT "from perl"') });
  $try->(search => $uid);
  $try->(text => $c->body_string($uid) eq ".one dot\r\n..two dots\r\n");
  $try->(envelope => $c->get_envelope($uid)->subject eq 'from perl');
  $try->(structure => lc $c->get_bodystructure($uid)->bodytype eq 'text');
  $try->(create => $c->create("perl$ssl"));
  $try->(append => $c->append_string("perl$ssl", "Subject: appended\nX-Long: " . 'x' x 900 . "\n\n" . "text\n" x 20_000, '\Seen $Kw', '17-Jul-1996 02:44:25 -0700'));
  $try->(copy => $c->copy("perl$ssl", $uid));
  $try->(open => $c->select("perl$ssl"));
  my @uids = $c->messages;
  $try->(messages => @uids == 2);
  $try->(size => length $c->message_string($uids[0]) == $c->size($uids[0]));
  $try->(date => $c->internaldate($uids[0]) =~ /1996/);
  $try->(flags => "@{[sort $c->flags($uids[0])]}" =~ /\$Kw .*\\Seen/);
  my $headers = $c->parse_headers(\@uids, 'Subject', 'X-None');
  $try->(headers => keys %$headers == 2);
  $try->(unseen => $c->unseen_count == 1);
  $try->(deny => $c->deny_seeing($uids[0]));
  $try->(delete => $c->delete_message($uids[1]));
  $try->(expunge => $c->expunge);
  $try->(left => $c->message_count == 1);
  $try->(rename => $c->rename("perl$ssl", "\&ZeVnLIqe-/$ssl"));
  $try->(exists => $c->exists("\&ZeVnLIqe-/$ssl"));
  $try->(close => $c->close);
  $try->(gone => $c->delete("\&ZeVnLIqe-/$ssl"));
  $try->(logout => $c->logout);
}

my $pop = must('connect', Net::POP3->new('127.0.0.1', Port => $pop3, Timeout => 60));
must('stls', $pop->starttls(%tls));
must('one letter', $pop->login($to, $password) == 1, $pop->message);
my $octets = length join '', map { s{\r?\n}{\r\n}r } @{$pop->get(1)};
must('size', $pop->list(1) == $octets, "$octets, not " . $pop->list(1));
must('uidl', length $pop->uidl(1));
must('top', !grep { /dot/ } @{$pop->top(1, 0)});
must('delete', $pop->delete(1));
must('quit', $pop->quit);
print "all well\n";
"""


@scenario
def run(folder):
    need("perl")
    if subprocess.run(["perl", "-MMail::IMAPClient", "-MIO::Socket::SSL", "-MAuthen::SASL", "-e", "1"], capture_output=True).returncode != 0:
        raise Skip("Mail::IMAPClient, IO::Socket::SSL or Authen::SASL is not installed")
    with Server(folder).start() as server:
        program = folder / "program.pl"
        program.write_text(PROGRAM)
        done = subprocess.run(["perl", program, *map(str, (server.submission_port, server.imap_port, server.imaps_port, server.pop3_port)),
                               server.certificate, TARO, HANAKO, PASSWORD], capture_output=True, text=True, timeout=300)
        expect(done.returncode == 0 and "all well" in done.stdout, f"the program is content: {done.stdout}{done.stderr}")
        expect(server.subjects() == [], "the letter was fetched and deleted")
