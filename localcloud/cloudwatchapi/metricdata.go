package cloudwatchapi

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// queryID is how the Id of a query must look. Source: CloudWatch API Reference,
// MetricDataQuery.
var queryID = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

// GetMetricData answers several series, newest datapoint first unless ScanBy
// says otherwise. Metric math is refused: there is no engine for it here.
func (a api) GetMetricData(in *cloudwatch.GetMetricDataInput, out *cloudwatch.GetMetricDataOutput) error {
	if err := checkMetricDataInput(in); err != nil {
		return err
	}
	var results []types.MetricDataResult
	for _, q := range in.MetricDataQueries {
		result, err := a.metricDataResult(q, *in.StartTime, *in.EndTime)
		if err != nil {
			return err
		}
		if in.ScanBy != types.ScanByTimestampAscending {
			slices.Reverse(result.Timestamps)
			slices.Reverse(result.Values)
		}
		if q.ReturnData == nil || *q.ReturnData {
			results = append(results, result)
		}
	}
	return pageOfResults(results, in, out)
}

func checkMetricDataInput(in *cloudwatch.GetMetricDataInput) error {
	err := cmp.Or(operation.Require(in, "StartTime", "EndTime", "MetricDataQueries"), operation.Without(in, "", "LabelOptions"))
	if err != nil {
		return err
	}
	if n := len(in.MetricDataQueries); n > maxQueries {
		return operation.Invalidf("The collection MetricDataQueries must not have a size greater than %d; it has %d.", maxQueries, n)
	}
	seen := map[string]bool{}
	for _, q := range in.MetricDataQueries {
		id := optional.Value(q.Id)
		switch {
		case !queryID.MatchString(id):
			return operation.Invalidf("The value '%s' for parameter MetricDataQueries.Id is not valid: it must start with a lowercase letter "+
				"and contain only letters, digits and underscores.", id)
		case seen[id]:
			return operation.Invalidf("The values for parameter id in MetricDataQueries are not unique: '%s'.", id)
		case q.Expression != nil:
			return operation.Invalidf("MetricDataQueries '%s': Expression is metric math, which the local cloud does not evaluate. "+
				"Ask for each metric by a MetricStat and compute from the answers.", id)
		case q.MetricStat == nil || q.MetricStat.Metric == nil:
			return operation.Invalidf("MetricDataQueries '%s': MetricStat with its Metric, Period and Stat is required.", id)
		}
		seen[id] = true
	}
	return nil
}

func (a api) metricDataResult(q types.MetricDataQuery, start, end time.Time) (types.MetricDataResult, error) {
	s := q.MetricStat
	stat := autoscale.Statistic(optional.Value(s.Stat))
	if !stat.Valid() {
		return types.MetricDataResult{}, operation.Invalidf("MetricDataQueries '%s': the statistic '%s' is not kept here; "+
			"Average, Sum, Minimum, Maximum and SampleCount are.", *q.Id, stat)
	}
	metric := metricOf(optional.Value(s.Metric.Namespace), optional.Value(s.Metric.MetricName), s.Metric.Dimensions)
	query, err := a.query(metric, optional.Seconds(s.Period), start, end)
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
func pageOfResults(results []types.MetricDataResult, in *cloudwatch.GetMetricDataInput, out *cloudwatch.GetMetricDataOutput) error {
	limit := int(optional.Or(in.MaxDatapoints, maxDatapoints))
	if limit < 1 || limit > maxDatapoints {
		return operation.Invalidf("MaxDatapoints must be between 1 and %d; it is %d.", maxDatapoints, limit)
	}
	skip, err := operation.Paging{BadToken: "InvalidNextToken"}.Place(in.NextToken)
	if err != nil {
		return err
	}
	place := skip
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
			out.NextToken = operation.Token(place)
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
		if out.NextToken != nil {
			break
		}
	}
	return nil
}
