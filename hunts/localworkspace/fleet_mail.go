package localworkspace

import (
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// The mail of the story: who got the link, who clicked it.
const (
	mailLink    = "https://cdn-sync.example/i/7731"
	mailSender  = "billing@invoice-desk.example"
	mailFile    = "Invoice-7731.docm"
	everyMail   = 2 // everyday mails of each person over the whole time
	clicksEvery = 9 // of so many everyday mails one link is clicked
	corpDomain  = "@corp.example"
)

// mail is one message to one recipient.
type mail struct {
	at                 time.Time
	id, to, from       string
	action, location   string
	link, file, sha256 string
}

// storyMails is the campaign: two waves of six mails, of which three were blocked.
func (f *fleet) storyMails() []mail {
	first, second := f.now.Add(-storyAge-12*time.Minute), f.now.Add(-4*time.Hour)
	blocked := map[string]bool{"WS-MKT-009": true, "WS-LEG-003": true, "WS-IT-001": true}
	var list []mail
	for i, name := range []string{
		financeDevice, "WS-SAL-022", "WS-SAL-047", "WS-MKT-009", "WS-ENG-044", "WS-LEG-003",
		personnelDevice, failedDevice, "WS-ENG-051", "WS-LEG-018", "WS-OPS-115", "WS-IT-001",
	} {
		at := first
		if i >= 6 {
			at = second
		}
		_, _, sum := fileHashes(mailFile)
		m := mail{
			at: at.Add(time.Duration(i) * time.Second), id: fmt.Sprintf("7731c0de-0000-4000-8000-%012d", i), to: f.byName[name].user + corpDomain, from: mailSender,
			action: "Delivered", location: "Inbox/folder", link: mailLink, file: mailFile, sha256: sum,
		}
		if blocked[name] {
			m.action, m.location = "Blocked", "Quarantine"
		}
		list = append(list, m)
	}
	return list
}

// everydayMails is what else people get.
func (f *fleet) everydayMails() []mail {
	rng := seeded(f.opts.Seed, 20)
	links := []string{"https://wiki.example/page/", "https://partner.example/offers/", "https://news.example/today/", ""}
	n := 0
	var list []mail
	f.everyday(everyMail, 21, func(d *device, at time.Time) {
		if d.user == "" {
			return
		}
		n++
		m := mail{at: at, id: fmt.Sprintf("0da11e00-0000-4000-8000-%012d", n), to: d.user + corpDomain, from: "news@partner.example", action: "Delivered", location: "Inbox/folder", link: links[rng.IntN(len(links))]}
		if m.link != "" {
			m.link += fmt.Sprint(rng.IntN(900))
		} else {
			m.file = "minutes.docx"
			_, _, m.sha256 = fileHashes(m.file)
		}
		list = append(list, m)
	})
	return list
}

func (f *fleet) mails() []mail { return append(f.everydayMails(), f.storyMails()...) }

// emailEvents is one row for each mail.
func (f *fleet) emailEvents() *kql.Table {
	s := newSheet("EmailEvents")
	for _, m := range f.mails() {
		s.begin()
		s.time(timeColumn, m.at)
		s.text("NetworkMessageId", m.id)
		s.text("RecipientEmailAddress", m.to)
		s.text("SenderFromAddress", m.from)
		s.text("SenderFromDomain", domainOf(m.from))
		s.text("SenderMailFromAddress", m.from)
		s.text("SenderMailFromDomain", domainOf(m.from))
		s.text("SenderIPv4", "192.0.2.251")
		s.text("Subject", "Made up by the demo")
		s.text("EmailDirection", "Inbound")
		s.text("DeliveryAction", m.action)
		s.text("DeliveryLocation", m.location)
		s.add()
	}
	return s.builder.Table()
}

func domainOf(address string) string {
	for i := range address {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return ""
}

// emailURLs is one row for each link.
func (f *fleet) emailURLs() *kql.Table {
	s := newSheet("EmailUrlInfo")
	for _, m := range f.mails() {
		if m.link == "" {
			continue
		}
		s.begin()
		s.time(timeColumn, m.at)
		s.text("NetworkMessageId", m.id)
		s.text("Url", m.link)
		s.text("UrlLocation", "Body")
		s.add()
	}
	return s.builder.Table()
}

// emailAttachments is one row for each attachment.
func (f *fleet) emailAttachments() *kql.Table {
	s := newSheet("EmailAttachmentInfo")
	for _, m := range f.mails() {
		if m.file == "" {
			continue
		}
		s.begin()
		s.time(timeColumn, m.at)
		s.text("NetworkMessageId", m.id)
		s.text("RecipientEmailAddress", m.to)
		s.text("SenderFromAddress", m.from)
		s.text("FileName", m.file)
		s.text("FileType", "docx")
		s.text("SHA256", m.sha256)
		s.add()
	}
	return s.builder.Table()
}

// clicks is UrlClickEvents: three people click the link of the story, one of them
// is stopped.
func (f *fleet) clicks() *kql.Table {
	s := newSheet("UrlClickEvents")
	click := func(at time.Time, who, action, url, id string) {
		s.begin()
		s.time(timeColumn, at)
		s.text("AccountUpn", who)
		s.text("ActionType", action)
		s.text("Url", url)
		s.text("NetworkMessageId", id)
		s.text("Workload", "Email")
		s.text("IPAddress", egressIP)
		s.set("IsClickedThrough", kql.BoolValue(false))
		s.add()
	}
	for i, m := range f.everydayMails() {
		if m.link != "" && i%clicksEvery == 0 && m.at.Before(f.newest.Add(-time.Hour)) {
			click(m.at.Add(20*time.Minute), m.to, "ClickAllowed", m.link, m.id)
		}
	}
	story := f.storyMails()
	click(f.now.Add(-storyAge-4*time.Minute), story[0].to, "ClickAllowed", mailLink, story[0].id)
	click(f.now.Add(-62*time.Minute), story[6].to, "ClickAllowed", mailLink, story[6].id)
	click(f.now.Add(-3*time.Hour-30*time.Minute), story[7].to, "ClickBlocked", mailLink, story[7].id)
	return s.builder.Table()
}

// imageLoads is DeviceImageLoadEvents: libraries that programs load every day, and
// the one of the story.
func (f *fleet) imageLoads() *kql.Table {
	s := newSheet("DeviceImageLoadEvents")
	load := func(at time.Time, device, by, name, path string, pid int64) {
		d, p := f.byName[device], programs[by]
		md5Text, sha1Text, sha256Text := fileHashes(name)
		s.begin()
		s.apply(s.identity(d))
		s.apply(s.initiating(p))
		s.apply(s.account(d, p))
		s.time(timeColumn, at)
		s.text("ActionType", "ImageLoaded")
		s.text("FileName", name)
		s.text("FolderPath", path)
		s.text("MD5", md5Text)
		s.text("SHA1", sha1Text)
		s.text("SHA256", sha256Text)
		s.long("InitiatingProcessId", pid)
		s.add()
	}
	f.everyday(2, 22, func(d *device, at time.Time) {
		load(at, d.name, "svchost.exe/update", "combase.dll", `C:\Windows\System32\combase.dll`, 904)
	})
	load(f.now.Add(-48*time.Minute+time.Second), lateralDevice, "rundll32.exe/sync", "sync.dll", `C:\ProgramData\cdnsync\sync.dll`, syncPID)
	return s.builder.Table()
}

// syncPID is the process that loaded the library of the story.
const syncPID = 3316
