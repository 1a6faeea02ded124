package cloud

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
)

// queryID is how the Id of a query must look. Source: CloudWatch API Reference,
// MetricDataQuery.
var queryID = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

// getMetricData answers several series, newest datapoint first unless ScanBy
// says otherwise. Metric math is refused: there is no engine for it here.
func (a cloudWatchAPI) getMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	if err := checkMetricDataInput(in); err != nil {
		return nil, err
	}
	results := make([]types.MetricDataResult, 0, len(in.MetricDataQueries))
	for _, q := range in.MetricDataQueries {
		result, err := a.metricDataResult(q, *in.StartTime, *in.EndTime)
		if err != nil {
			return nil, err
		}
		if in.ScanBy != types.ScanByTimestampAscending {
			slices.Reverse(result.Timestamps)
			slices.Reverse(result.Values)
		}
		if q.ReturnData == nil || *q.ReturnData {
			results = append(results, result)
		}
	}
	return pageOfResults(results, in)
}

func checkMetricDataInput(in *cloudwatch.GetMetricDataInput) error {
	if err := required(member{"startTime", in.StartTime != nil}, member{"endTime", in.EndTime != nil}, member{"metricDataQueries", len(in.MetricDataQueries) > 0}); err != nil {
		return err
	}
	if n := len(in.MetricDataQueries); n > maxQueries {
		return validationError("The collection MetricDataQueries must not have a size greater than %d; it has %d.", maxQueries, n)
	}
	seen := map[string]bool{}
	for _, q := range in.MetricDataQueries {
		id := deref(q.Id)
		switch {
		case !queryID.MatchString(id):
			return validationError("The value '%s' for parameter MetricDataQueries.Id is not valid: it must start with a lowercase letter and contain only letters, digits and underscores.", id)
		case seen[id]:
			return validationError("The values for parameter id in MetricDataQueries are not unique: '%s'.", id)
		case q.Expression != nil:
			return validationError("MetricDataQueries '%s': Expression is metric math, which the local cloud does not evaluate. Ask for each metric by a MetricStat and compute from the answers.", id)
		case q.MetricStat == nil || q.MetricStat.Metric == nil:
			return validationError("MetricDataQueries '%s': MetricStat with its Metric, Period and Stat is required.", id)
		}
		seen[id] = true
	}
	return nil
}

func (a cloudWatchAPI) metricDataResult(q types.MetricDataQuery, start, end time.Time) (types.MetricDataResult, error) {
	s := q.MetricStat
	stat := autoscale.Statistic(deref(s.Stat))
	if !stat.Valid() {
		return types.MetricDataResult{}, validationError("MetricDataQueries '%s': the statistic '%s' is not kept here; Average, Sum, Minimum, Maximum and SampleCount are.", *q.Id, stat)
	}
	metric := metricOf(deref(s.Metric.Namespace), deref(s.Metric.MetricName), s.Metric.Dimensions)
	query, err := a.query(metric, seconds(s.Period), start, end)
	if err != nil {
		return types.MetricDataResult{}, err
	}
	result := types.MetricDataResult{Id: q.Id, Label: q.Label, StatusCode: types.StatusCodeComplete}
	if q.Label == nil {
		result.Label = &metric.Name
	}
	for _, d := range a.datapoints(query, string(s.Unit)) {
		result.Timestamps = append(result.Timestamps, d.Time)
		result.Values = append(result.Values, d.Statistic(stat))
	}
	return result, nil
}

// pageOfResults cuts the answer off at MaxDatapoints, counted over all series. A
// series that goes on on the next page is PartialData, as in AWS.
func pageOfResults(results []types.MetricDataResult, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	limit := int(orElse(in.MaxDatapoints, maxDatapoints))
	if limit < 1 || limit > maxDatapoints {
		return nil, validationError("MaxDatapoints must be between 1 and %d; it is %d.", maxDatapoints, limit)
	}
	skip, err := paging{badToken: "InvalidNextToken"}.decode(in.NextToken)
	if err != nil {
		return nil, err
	}
	place := skip
	out := &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{}}
	for _, r := range results {
		n := len(r.Values)
		if skip > 0 && skip >= n { // answered on an earlier page
			skip -= n
			continue
		}
		from, until := skip, min(n, skip+limit)
		skip = 0
		r.Timestamps, r.Values = r.Timestamps[from:until], r.Values[from:until]
		limit -= until - from
		place += until - from
		if until < n {
			r.StatusCode = types.StatusCodePartialData
			next := encodeToken(place)
			out.NextToken = &next
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
		if out.NextToken != nil {
			break
		}
	}
	return out, nil
}
