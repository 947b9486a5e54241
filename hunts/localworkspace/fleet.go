package localworkspace

import (
	"runtime"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace/export"
)

// FleetOptions choose a demo fleet. The same options give the same events.
type FleetOptions struct {
	// Seed starts all randomness.
	Seed uint64
	// Now is when the demo is looked at; the newest event lies 4 minutes before it.
	Now time.Time
	// Devices is the number of workstations; 0 is 2000. Ten servers come on top.
	// Fewer than 40 become 40: the stories need their devices.
	Devices int
	// Days is how far back the events reach; 0 is 30, fewer than 8 become 8.
	Days int
}

// FleetWorkspace is the id of the demo's workspace, and the TenantId of its rows.
const FleetWorkspace = "f007f007-0000-4000-8000-00000000d3f0"

func (o FleetOptions) withDefaults() FleetOptions {
	if o.Devices == 0 {
		o.Devices = 2000
	}
	if o.Days == 0 {
		o.Days = 30
	}
	o.Devices = max(o.Devices, 40)
	o.Days = max(o.Days, 8)
	o.Now = o.Now.UTC()
	return o
}

// Fleet makes up the events of a company under attack: see FleetStory for what
// is hidden in them. All addresses are of the documentation ranges (RFC 5737,
// RFC 3849) or private, all names end in .example.
func Fleet(opts FleetOptions) *Events {
	opts = opts.withDefaults()
	f := newFleet(opts)
	jobs := f.jobs()
	parts := make([]*kql.Table, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				parts[i] = jobs[i].run()
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	wg.Wait()
	byTable := map[string][]*kql.Table{}
	for i, job := range jobs {
		byTable[job.table] = append(byTable[job.table], parts[i])
	}
	tables := map[string]*kql.Table{}
	for name, list := range byTable {
		tables[name] = kql.Concat(name, list)
	}
	tables["CommonSecurityLog"] = f.firewall(tables["DeviceNetworkEvents"])
	oldest := f.now.Add(-time.Duration(opts.Days) * day)
	return newEvents(tables, oldest, f.newest)
}

const day = 24 * time.Hour

// job makes one part of one table; parts are put together in the order of jobs.
type job struct {
	table string
	run   func() *kql.Table
}

// fleet is what all jobs know and none changes.
type fleet struct {
	opts    FleetOptions
	now     time.Time
	newest  time.Time
	devices []device
	byName  map[string]*device
	story   []contact
}

func newFleet(opts FleetOptions) *fleet {
	f := &fleet{opts: opts, now: opts.Now, newest: opts.Now.Add(-4 * time.Minute)}
	f.devices = makeDevices(opts)
	f.byName = make(map[string]*device, len(f.devices))
	for i := range f.devices {
		f.byName[f.devices[i].name] = &f.devices[i]
	}
	f.story = storyContacts(opts)
	return f
}

func (f *fleet) jobs() []job {
	var jobs []job
	for back := f.opts.Days - 1; back >= 0; back-- {
		jobs = append(jobs, job{"DeviceNetworkEvents", func() *kql.Table { return f.networkDay(back) }})
	}
	jobs = append(jobs, job{"DeviceNetworkEvents", f.storyNetwork})
	jobs = append(jobs,
		job{"DeviceInfo", f.deviceInfo}, job{"DeviceNetworkInfo", f.deviceNetworkInfo},
		job{"DeviceProcessEvents", f.processes}, job{"DeviceProcessEvents", f.storyProcesses},
		job{"DeviceFileEvents", f.files}, job{"DeviceFileEvents", f.storyFiles},
		job{"DeviceEvents", f.deviceEvents}, job{"DeviceEvents", f.storyEvents},
		job{"SecurityIncident", f.incidents}, job{"SecurityAlert", f.alerts},
		job{"EmailEvents", f.emailEvents}, job{"EmailUrlInfo", f.emailURLs}, job{"EmailAttachmentInfo", f.emailAttachments}, job{"UrlClickEvents", f.clicks},
		job{"DeviceImageLoadEvents", f.imageLoads}, job{"SigninLogs", f.signIns}, job{"OfficeActivity", f.officeActivity},
		job{"ThreatIntelIndicators", f.threatIntel}, job{"Watchlist", f.watchlist},
	)
	return jobs
}

// sheet builds rows of one table by column name.
type sheet struct {
	builder *kql.Builder
	index   map[string]int
	blank   []kql.Value
	row     []kql.Value
}

func newSheet(table string) *sheet {
	columns := export.Documented()[table]
	s := &sheet{builder: kql.NewBuilder(table, columns), index: map[string]int{}, row: make([]kql.Value, len(columns))}
	for i, c := range columns {
		s.index[c.Name] = i
		s.blank = append(s.blank, kql.Null(c.Type))
	}
	s.blank[s.at("Type")] = kql.StringValue(table)
	if i, ok := s.index["TenantId"]; ok {
		s.blank[i] = kql.StringValue(FleetWorkspace)
	}
	return s
}

// at is the place of a column; asking for one that the schema lacks is a
// mistake of this package that each test of the fleet shows.
func (s *sheet) at(column string) int {
	i, ok := s.index[column]
	if !ok {
		panic("the fleet fills a column that the schema does not have: " + column)
	}
	return i
}

func (s *sheet) begin() { copy(s.row, s.blank) }

func (s *sheet) set(column string, v kql.Value) { s.row[s.at(column)] = v }

func (s *sheet) text(column, text string) { s.row[s.at(column)] = kql.StringValue(text) }

func (s *sheet) time(column string, at time.Time) { s.row[s.at(column)] = kql.DatetimeValue(at) }

func (s *sheet) long(column string, n int64) { s.row[s.at(column)] = kql.LongValue(n) }

func (s *sheet) add() { s.builder.Append(s.row...) }

// patch is a set of cells that many rows share.
type patch []cellAt

type cellAt struct {
	col int
	v   kql.Value
}

func (s *sheet) patch(cells map[string]string) patch {
	var p patch
	for column, text := range cells {
		p = append(p, cellAt{s.at(column), kql.StringValue(text)})
	}
	return p
}

func (s *sheet) apply(p patch) {
	for _, c := range p {
		s.row[c.col] = c.v
	}
}
